using Xunit;

namespace MLSieve.Tests;

/// <summary>The real data sets, which are not part of the repository.</summary>
public static class RealData
{
    /// <summary>A folder or file below the one that MLSIEVE_DATA names; skips the test, and says why, where there is none.</summary>
    public static string Path(string relative)
    {
        string? root = Environment.GetEnvironmentVariable("MLSIEVE_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(root), "MLSIEVE_DATA is not set; it must name the folder with the real data sets.");
        string path = System.IO.Path.Combine(root!, relative);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"MLSIEVE_DATA has no {relative}.");
        return path;
    }
}
