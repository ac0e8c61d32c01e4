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
                for (int block = 0; block < CSharpBlock().Count(File.ReadAllText(page)); block++)
                    blocks.Add(Path.GetRelativePath(Repository.Root, page), block);
            return blocks;
        }
    }

    [Theory]
    [MemberData(nameof(CodeBlocks))]
    public void Every_code_block_of_the_docs_compiles(string page, int block)
    {
        string code = CSharpBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))[block].Groups[1].Value;
        SyntaxTree[] trees = [Parse(code), Parse("global using System; global using System.IO; global using System.Linq; global using System.Threading; global using System.Collections.Generic;")];
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Documentation", trees, references, new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        Assert.Empty(compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
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

    private static IEnumerable<string> Pages() =>
        [Path.Combine(Repository.Root, "README.md"), Path.Combine(Repository.Root, "CONTRIBUTING.md"), .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")];

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest));

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)")]
    private static partial Regex LocalLink();
}
