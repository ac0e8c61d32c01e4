namespace MLSieve.Tests;

/// <summary>A file that uses what another file declares.</summary>
/// <param name="From">The file that uses it, from the library's root.</param>
/// <param name="To">The file that declares it.</param>
/// <param name="Name">What is used.</param>
internal sealed record Arrow(string From, string To, string Name)
{
    public string FromFolder => FolderOf(From);

    public string ToFolder => FolderOf(To);

    public override string ToString() => $"{From} uses {Name} of {To}";

    private static string FolderOf(string file) => Path.GetDirectoryName(file)!.Replace('\\', '/');
}
