namespace Studies;

/// <summary>One file pair of MNIST or Fashion-MNIST: images and their classes, 0 to 9.</summary>
/// <param name="Images">The images.</param>
/// <param name="Classes">The class of each image.</param>
internal sealed record GreyDataset(IdxImages Images, byte[] Classes)
{
    /// <summary>Reads <c>FOLDER/train-…</c> or <c>FOLDER/t10k-…</c>.</summary>
    /// <param name="folder">The folder with the four gzipped idx files.</param>
    /// <param name="part"><c>train</c> or <c>t10k</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or images and labels differ in number.</exception>
    public static GreyDataset Read(string folder, string part)
    {
        IdxImages images = IdxFile.ReadImages(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"));
        byte[] classes = IdxFile.ReadLabels(Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
        return images.Count == classes.Length
            ? new GreyDataset(images, classes)
            : throw new InvalidDataException($"{folder}: {images.Count} images but {classes.Length} labels in {part}.");
    }

    /// <summary>The rows of each class.</summary>
    public int[][] RowsByClass() =>
        [.. Enumerable.Range(0, 10).Select(c => Enumerable.Range(0, Classes.Length).Where(row => Classes[row] == c).ToArray())];
}
