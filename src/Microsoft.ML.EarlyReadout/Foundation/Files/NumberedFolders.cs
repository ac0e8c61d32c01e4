using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Folders that are named by a prefix and a number.</summary>
internal static class NumberedFolders
{
    /// <summary>Those in a folder, by their numbers; none where there is no such folder. What else is there is not ours.</summary>
    public static (int Number, string Path)[] In(string folder, string prefix) =>
    [
        .. from path in Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, prefix + "*") : []
           let digits = Path.GetFileName(path)[prefix.Length..]
           where int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _)
           let number = int.Parse(digits, CultureInfo.InvariantCulture)
           orderby number
           select (number, path),
    ];
}
