namespace Microsoft.ML.EarlyReadout;

/// <summary>One symbol version that a library asks another library for.</summary>
/// <param name="Library">The other library's name, such as libstdc++.so.6.</param>
/// <param name="Version">The version, such as GLIBCXX_3.4.32.</param>
/// <param name="Index">The index by which symbols refer to the version.</param>
/// <param name="FlagsOffset">Where in the file the need's two bytes of flags lie.</param>
/// <param name="IsWeak">Whether the dynamic linker accepts that the version is missing.</param>
internal readonly record struct ElfVersionNeed(string Library, string Version, int Index, long FlagsOffset, bool IsWeak)
{
    /// <summary>VER_FLG_WEAK.</summary>
    public const int WeakFlag = 2;

    /// <inheritdoc/>
    public override string ToString() => $"{Version} of {Library}";
}
