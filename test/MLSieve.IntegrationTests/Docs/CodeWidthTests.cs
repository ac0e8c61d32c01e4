using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MLSieve.Tests;

/// <summary>Code is read side by side, in diffs.</summary>
public sealed class CodeWidthTests
{
    private const int Columns = 140;
    private static readonly string[] Folders = ["src", "test", "samples", "benchmarks"];

    [Fact]
    public void No_line_of_code_is_wider_than_140_columns_outside_texts_of_several_lines()
    {
        string[] files =
        [
            .. Folders.SelectMany(
                folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
                .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin")),
        ];
        Assert.True(files.Length > 500);
        Assert.Empty(files.SelectMany(Wide));
    }

    [Fact]
    public void A_wide_line_is_found_and_one_of_a_text_is_not()
    {
        string wide = new(' ', Columns);
        Assert.Equal([2], WideLines($"class A;\nclass B;{wide}"));
        Assert.Empty(WideLines($"class A\n{{\n    string B = \"\"\"\n        {wide}c\n        \"\"\";\n}}"));
    }

    private static IEnumerable<string> Wide(string file) =>
        WideLines(File.ReadAllText(file)).Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line}");

    private static IEnumerable<int> WideLines(string code)
    {
        string[] lines = code.ReplaceLineEndings("\n").Split('\n');
        int[] wide = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].Length > Columns)];
        if (wide.Length == 0) return [];
        SyntaxTree tree = CSharpSyntaxTree.ParseText(code, cancellationToken: TestContext.Current.CancellationToken);
        HashSet<int> text =
        [
            .. tree.GetRoot(TestContext.Current.CancellationToken).DescendantTokens()
                .Where(token => token.IsKind(SyntaxKind.MultiLineRawStringLiteralToken)
                    || token.IsKind(SyntaxKind.InterpolatedStringTextToken))
                .Select(token => tree.GetLineSpan(token.Span, TestContext.Current.CancellationToken))
                .Where(span => span.EndLinePosition.Line > span.StartLinePosition.Line)
                .SelectMany(
                    span => Enumerable.Range(span.StartLinePosition.Line, span.EndLinePosition.Line - span.StartLinePosition.Line + 1)),
        ];
        return wide.Where(line => !text.Contains(line)).Select(line => line + 1);
    }
}
