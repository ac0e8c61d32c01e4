namespace Studies;

/// <summary>
/// Reads <c>train/</c> and <c>test/</c> with <c>&lt;class&gt;_&lt;number&gt;.jpg</c>. In train the place goes with the action, in test it
/// does not; of a single image nothing is said.
/// </summary>
internal static class BarReader
{
    public static DataSet Read(string folder) => new(
        "BAR",
        folder,
        [.. Images(folder, Splits.Train), .. Images(folder, Splits.Test)],
        new PublishedCount(Splits.Train, null, 1941),
        new PublishedCount(Splits.Test, null, 654));

    private static IEnumerable<Example> Images(string folder, string split)
    {
        string images = Path.Combine(folder, split);
        if (!Directory.Exists(images)) throw new DirectoryNotFoundException($"{folder} has no folder {split}.");
        return DataFile.Images(images).Select(path => new Example(ActionOf(path), null, split) { Path = path });
    }

    private static string ActionOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        int end = name.LastIndexOf('_');
        return end > 0
            ? name[..end].Replace(' ', '_') // "pole vaulting" in the original
            : throw new InvalidDataException($"{path}: expected a name such as climbing_12.jpg.");
    }
}
