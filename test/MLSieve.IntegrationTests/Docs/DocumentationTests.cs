using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MLSieve.Tests;

public sealed partial class DocumentationTests
{
    public static TheoryData<string, int> CodeBlocks
    {
        get
        {
            var blocks = new TheoryData<string, int>();
            foreach (string page in Pages())
                for (int block = 0; block < CodeBlocksOf(File.ReadAllText(page)).Count(); block++)
                    blocks.Add(Path.GetRelativePath(Repository.Root, page), block);
            return blocks;
        }
    }

    [Theory]
    [MemberData(nameof(CodeBlocks))]
    public void Every_code_block_of_the_docs_compiles(string page, int block)
    {
        string code = CodeBlocksOf(File.ReadAllText(Path.Combine(Repository.Root, page))).ElementAt(block);
        Assert.Empty(Compilation(code)
            .GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }

    [Fact]
    public void Every_link_between_the_pages_leads_somewhere()
    {
        foreach (string page in Pages())
        {
            foreach (Match link in LocalLink().Matches(File.ReadAllText(page)))
            {
                string target = Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value);
                Assert.True(File.Exists(target) || Directory.Exists(target), $"{page} links to {link.Groups[1].Value}");
            }
        }
    }

    [Fact]
    public void Every_link_to_a_heading_finds_it()
    {
        (string Page, Match Link)[] links =
        [
            .. Pages().SelectMany(page => HeadingLink().Matches(File.ReadAllText(page)), (page, link) => (page, link)),
        ];
        Assert.NotEmpty(links);
        Assert.All(links, found =>
        {
            string target = found.Link.Groups[1].Length == 0
                ? found.Page
                : Path.Combine(Path.GetDirectoryName(found.Page)!, found.Link.Groups[1].Value);
            Assert.Contains(
                found.Link.Groups[2].Value, Heading().Matches(File.ReadAllText(target)).Select(heading => Anchor(heading.Groups[1].Value)));
        });
    }

    [Fact]
    public void Every_test_that_a_page_names_exists()
    {
        string tests = string.Concat(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "test"), "*.cs", SearchOption.AllDirectories)
                .Select(File.ReadAllText));
        string[] named = [.. Pages().SelectMany(page => TestName().Matches(File.ReadAllText(page))).Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains($" {name}(", tests, StringComparison.Ordinal));
    }

    internal static IEnumerable<string> Pages() =>
        [
            Path.Combine(Repository.Root, "README.md"),
            Path.Combine(Repository.Root, "CONTRIBUTING.md"),
            .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md"),
            .. Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(library => Path.Combine(library, "README.md")),
        ];

    internal static IEnumerable<string> CodeBlocksOf(string page) => CSharpBlock().Matches(page).Select(block => block.Groups[1].Value);

    /// <summary>A block as the program that a reader makes of it, with the usings that a new project has.</summary>
    internal static CSharpCompilation Compilation(string code)
    {
        SyntaxTree[] trees =
        [
            Parse(code),
            Parse("global using System; global using System.IO; global using System.Linq; global using System.Threading; global using "
                + "System.Collections.Generic;"),
        ];
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        return CSharpCompilation.Create(
            "Documentation", trees, references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>The anchor that a Markdown page gives a heading.</summary>
    private static string Anchor(string heading) =>
        string.Concat(heading.ToLowerInvariant().Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_'))
            .Replace(' ', '-');

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest));

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    // A name in capitals alone is a variable of the environment.
    [GeneratedRegex("`(?![A-Z0-9_]+`)([A-Z][A-Za-z]*(?:_[A-Za-z0-9]+){3,})`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]*)#([^)]+)\)")]
    private static partial Regex HeadingLink();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)")]
    private static partial Regex LocalLink();
}
