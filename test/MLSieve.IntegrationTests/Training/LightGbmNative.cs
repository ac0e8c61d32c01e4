using System.Runtime.InteropServices;
using Microsoft.ML.Trainers.LightGbm;

namespace MLSieve.Tests;

/// <summary>LightGBM's native library, which needs an OpenMP runtime that a bare system may lack.</summary>
internal static class LightGbmNative
{
    /// <summary>Skips the test, and says why, where the library does not load.</summary>
    public static void SkipWhereMissing()
    {
        if (!NativeLibrary.TryLoad("lib_lightgbm", typeof(LightGbmMulticlassTrainer).Assembly, null, out _))
            Assert.Skip("lib_lightgbm does not load here (it needs libgomp).");
    }
}
