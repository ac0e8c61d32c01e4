using System.Reflection;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The version of the package that an assembly is of.</summary>
internal static class PackageVersion
{
    /// <summary>The version, with the suffix of a prerelease; without what follows a +, which names a build of that version.</summary>
    public static string Of(Assembly assembly) =>
        (assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version!.ToString())
            .Split('+')[0];
}
