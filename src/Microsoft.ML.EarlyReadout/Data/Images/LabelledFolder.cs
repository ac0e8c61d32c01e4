namespace Microsoft.ML.EarlyReadout;

/// <summary>The images of a folder whose subfolders are named after their labels.</summary>
internal sealed class LabelledFolder
{
    private static readonly string[] _endings = [".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"];

    // Hidden files and folders are those of the system and of tools, and no image is meant by them.
    private static readonly EnumerationOptions _all = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false, // rows would be missing, and nobody would know
    };

    private readonly string _root;
    private readonly List<(string Path, string[] Parts)> _images = [];
    private readonly List<string> _unlabelled = [];
    private readonly List<string> _others = [];

    private LabelledFolder(string root)
    {
        _root = root;
        // The order of a file system is its own: sorted, the same files give the same rows everywhere. By parts, because systems differ in
        // what stands between them.
        IEnumerable<(string Path, string[] Parts)> files = Directory.EnumerateFiles(root, "*", _all)
            .Select(path => (path, Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar)))
            .OrderBy(file => file.Item2, Comparer<string[]>.Create(ByParts));
        foreach ((string path, string[] parts) in files)
        {
            if (!_endings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)) _others.Add(path);
            else if (parts.Length < 2) _unlabelled.Add(path);
            else _images.Add((path, parts));
        }
    }

    /// <summary>Looks through a folder.</summary>
    /// <param name="options">The folder, and where groups are from.</param>
    /// <param name="warn">Receives what was passed over.</param>
    /// <returns>A row for each image, in the order of the names on their paths; of <see cref="ImageRow"/> where there are no
    /// groups.</returns>
    /// <exception cref="ArgumentException">The options name no folder, or two places for groups.</exception>
    /// <exception cref="FileNotFoundException">The file of groups is not there.</exception>
    /// <exception cref="InvalidDataException">There are no images in folders of labels, or one has no group.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder below may not be read; the message names it.</exception>
    public static IReadOnlyList<ImageRow> Read(ImageFolderOptions options, Action<string> warn)
    {
        if (!Directory.Exists(options.Root))
            throw new ArgumentException($"Root is '{options.Root}', which is no folder. Name the folder whose subfolders are the labels.");
        if (options is { GroupsAreFolders: true, GroupsPath: not null })
            throw new ArgumentException("GroupsAreFolders and GroupsPath both say where groups are from. Set one of them.");
        var folder = new LabelledFolder(Path.GetFullPath(options.Root));
        if (folder._images.Count == 0)
        {
            throw new InvalidDataException($"There are no images in the subfolders of '{options.Root}'"
                + FormattableString.Invariant($" (files of other kinds: {folder._others.Count}, ")
                + FormattableString.Invariant($"images beside the subfolders: {folder._unlabelled.Count}). ")
                + $"Images end in {string.Join(", ", _endings)}, and lie in a folder that is named after their label.");
        }

        folder.Tell(warn);
        return options.GroupsPath is { } groups ? folder.WithGroupsOf(groups)
            : options.GroupsAreFolders ? folder.WithFoldersAsGroups()
            : [.. folder._images.Select(image => new ImageRow { Path = image.Path, Label = image.Parts[0] })];
    }

    private static int ByParts(string[] left, string[] right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        return same < Math.Min(left.Length, right.Length)
            ? string.CompareOrdinal(left[same], right[same]) : left.Length.CompareTo(right.Length);
    }

    private IReadOnlyList<ImageRow> WithFoldersAsGroups()
    {
        if (_images.FirstOrDefault(image => image.Parts.Length < 3) is { Path: { } path })
        {
            throw new InvalidDataException($"The image '{path}' lies in the folder of its label, not in one of a group below it. "
                + "Move it, or set GroupsAreFolders to false.");
        }

        return [.. _images.Select(image => new GroupedImageRow { Path = image.Path, Label = image.Parts[0], Group = image.Parts[1] })];
    }

    private IReadOnlyList<ImageRow> WithGroupsOf(string path)
    {
        IReadOnlyDictionary<string, string> groups = ImageGroups.Read(path);
        return [.. _images.Select(image =>
        {
            string name = string.Join('/', image.Parts);
            return groups.TryGetValue(name, out string? group)
                ? new GroupedImageRow { Path = image.Path, Label = image.Parts[0], Group = group }
                : throw new InvalidDataException($"'{path}' has no group for the image '{name}' of '{_root}'. Add a line for it.");
        })];
    }

    private void Tell(Action<string> warn)
    {
        if (_others.Count > 0)
            warn(FormattableString.Invariant($"{_others.Count} files of '{_root}' are passed over, as they are no images. The first is ")
                + $"'{_others[0]}'.");
        if (_unlabelled.Count > 0)
            warn(FormattableString.Invariant($"{_unlabelled.Count} images of '{_root}' are passed over, as they lie in no folder of a ")
                + $"label. The first is '{_unlabelled[0]}'.");
    }
}
