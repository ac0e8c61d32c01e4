using System.Runtime.CompilerServices;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// Lets the library stand in for TorchSharp's search before any test of the assembly runs, whichever touches TorchSharp first.
/// </summary>
internal static class TestNativeBackend
{
    [ModuleInitializer]
    internal static void Prepare() => RuntimeHelpers.RunModuleConstructor(typeof(NativeBackend).Module.ModuleHandle);
}
