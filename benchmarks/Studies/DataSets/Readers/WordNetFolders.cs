using System.Text.RegularExpressions;

namespace Studies;

/// <summary>Reads folders that are named by WordNet id (<c>n01498041</c>), each with the images of that class.</summary>
internal static partial class WordNetFolders
{
    /// <summary>Reads <c>&lt;wnid&gt;/*</c>, or <c>&lt;split&gt;/&lt;wnid&gt;/*</c> where there are such folders.</summary>
    public static DataSet Read(string name, string folder, string split)
    {
        Example[] examples =
        [
            .. Classes(folder, split),
            .. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)
                .Where(part => !IsClass(part))
                .SelectMany(part => Classes(part, Splits.OfName(Path.GetFileName(part)))),
        ];
        return new DataSet(name, folder, examples);
    }

    private static IEnumerable<Example> Classes(string folder, string split) =>
        from wnid in Directory.EnumerateDirectories(folder).Where(IsClass).Order(StringComparer.Ordinal)
        from path in DataFile.Images(wnid)
        select new Example(Path.GetFileName(wnid), null, split) { Path = path };

    private static bool IsClass(string folder) => WordNetId().IsMatch(Path.GetFileName(folder));

    [GeneratedRegex(@"^n\d{8}$")]
    private static partial Regex WordNetId();
}
