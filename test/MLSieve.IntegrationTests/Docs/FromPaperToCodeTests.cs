using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MLSieve.Tests;

/// <summary>docs/from-paper-to-code.md names, for each formula, a member and its file: <c>[`Type.Member`](../src/File.cs)</c>.</summary>
public sealed partial class FromPaperToCodeTests
{
    private const string Page = "docs/from-paper-to-code.md";

    [Fact]
    public void Every_member_that_the_page_names_is_declared_in_the_file_that_it_names()
    {
        MatchCollection links = Link().Matches(Text());
        Assert.NotEmpty(links);
        Assert.All<Match>(links, link =>
        {
            string file = Path.Combine(Repository.Root, "docs", link.Groups[2].Value);
            Assert.Contains(link.Groups[1].Value, Declared(File.ReadAllText(file)));
        });
    }

    [Fact]
    public void Every_formula_and_every_deviation_of_the_page_has_a_member()
    {
        string[] lines = Text().Split('\n');
        string[] rows =
        [
            .. lines.Where(
                (line, i) => line.StartsWith("| ", StringComparison.Ordinal) && !lines[i + 1].StartsWith("|---", StringComparison.Ordinal)),
        ];
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Matches(Link(), row));
    }

    [Fact]
    public void A_member_counts_only_in_the_type_that_declares_it() => Assert.Equal(
        ["Outer", "Outer.Outer", "Outer.Size", "Outer.Kind", "Outer.Kind.Plain", "Outer.Inner", "Outer.Inner.Run"],
        Declared(
            "namespace N; class Outer { Outer() { } int Size; enum Kind { Plain } class Inner { void Run() { int Local() => 1; } } }"));

    private static string Text() => File.ReadAllText(Path.Combine(Repository.Root, Page));

    /// <summary>
    /// The names of all types and members that a file declares, such as <c>Outer.Inner.Run</c>; a constructor is named after its type.
    /// </summary>
    private static string[] Declared(string code) =>
        [.. CSharpSyntaxTree.ParseText(code)
            .GetRoot()
            .DescendantNodes()
            .OfType<MemberDeclarationSyntax>()
            .SelectMany(member => NamesOf(member).Select(name => Qualified(member, name)))];

    private static IEnumerable<string> NamesOf(MemberDeclarationSyntax member) => member switch
    {
        BaseTypeDeclarationSyntax type => [type.Identifier.Text],
        MethodDeclarationSyntax method => [method.Identifier.Text],
        ConstructorDeclarationSyntax constructor => [constructor.Identifier.Text],
        PropertyDeclarationSyntax property => [property.Identifier.Text],
        FieldDeclarationSyntax field => field.Declaration.Variables.Select(variable => variable.Identifier.Text),
        EnumMemberDeclarationSyntax value => [value.Identifier.Text],
        _ => [],
    };

    private static string Qualified(MemberDeclarationSyntax member, string name) =>
        string.Join(
            '.', member.Ancestors().OfType<BaseTypeDeclarationSyntax>().Reverse().Select(type => type.Identifier.Text).Append(name));

    [GeneratedRegex(@"\[`([\w.]+)`\]\((\.\./src/[^)]+\.cs)\)")]
    private static partial Regex Link();
}
