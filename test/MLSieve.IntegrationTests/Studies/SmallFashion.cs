namespace MLSieve.Tests;

/// <summary>A data folder with a small fashion-mnist, noise of 8 × 8: enough for a quick run of the studies on coloured.</summary>
internal static class SmallFashion
{
    private const int Side = 8;

    /// <summary>Writes it below a folder.</summary>
    public static void Write(string folder)
    {
        string fashion = Directory.CreateDirectory(Path.Combine(folder, "fashion-mnist")).FullName;
        var random = new Random(1);
        foreach ((string name, int count) in new[] { ("train", 400), ("t10k", 256) })
        {
            byte[] pixels = new byte[count * Side * Side];
            random.NextBytes(pixels);
            SmallIdx.Write(Path.Combine(fashion, $"{name}-images-idx3-ubyte.gz"), [count, Side, Side], pixels);
            SmallIdx.Write(
                Path.Combine(fashion, $"{name}-labels-idx1-ubyte.gz"), [count],
                [.. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]);
        }
    }
}
