using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace MLSieve.Tests;

/// <summary>The page on stability names every part that may change, and the rest needs none of them.</summary>
public sealed partial class StabilityPageTests
{
    private static readonly string _page = Path.Combine(Repository.Root, "docs", "api-stability.md");

    /// <summary>The pages about experimental parts: their code says so in its first line.</summary>
    private static readonly string[] _experimental = ["own-method.md", "networks.md", "finding-shortcuts.md", "monitoring.md"];

    [Fact]
    public void The_page_has_a_row_for_every_experimental_id_and_for_no_other()
    {
        string[] ids = [.. Api.Experimental.Select(each => each.Key).Order()];
        Assert.NotEmpty(ids);
        Assert.Equal(ids, Row().Matches(File.ReadAllText(_page)).Select(row => row.Groups[1].Value));
        Assert.Equal(ids, Id().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"))).Select(id => id.Value));
    }

    [Fact]
    public void The_namespace_of_networks_has_the_id_of_networks_except_what_the_page_names_for_methods()
    {
        const string methods = "MLSIEVE001", networks = "MLSIEVE002";
        MemberInfo[] types = [.. Api.Types.Where(IsOfNetworks)];
        Assert.NotEmpty(types);
        string[] others =
        [
            .. types.Except(Api.Experimental[networks]).Select(type => type.Name)
                .Concat(Api.Experimental[methods].Where(member => IsOfNetworks(member.DeclaringType)).Select(Api.NameOf))
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["BatchNormMode", "ReadoutHead", "StagedNetwork.SetBatchNormMode", "TappedReadout"], others);
        Assert.Contains(
            $"of the namespace `Networks` what only a method uses: {string.Join(", ", others.Select(name => $"`{name}`"))} |",
            File.ReadLines(_page).Single(line => line.StartsWith($"| `{methods}` |", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.All(types.Except(Api.Experimental[networks]), type => Assert.Contains(type, Api.Experimental[methods]));

        static bool IsOfNetworks(Type? type) => type?.Namespace == typeof(StagedNetwork).Namespace;
    }

    [Fact]
    public void Every_page_but_those_of_experimental_parts_compiles_without_suppressing_one()
    {
        string[] stable = [.. DocumentationTests.Pages().Where(page => !_experimental.Contains(Path.GetFileName(page)))];
        Assert.Contains(stable, page => Path.GetFileName(page) == "getting-started.md");
        Assert.All(stable, page => Assert.All(
            DocumentationTests.CodeBlocksOf(File.ReadAllText(page)),
            code => Assert.DoesNotContain("#pragma warning disable MLSIEVE", code, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("own-method.md", "MLSIEVE001")]
    [InlineData("networks.md", "MLSIEVE002")]
    [InlineData("finding-shortcuts.md", "MLSIEVE004")]
    [InlineData("monitoring.md", "MLSIEVE005")]
    public void Code_that_uses_an_experimental_part_without_saying_so_does_not_compile(string page, string id)
    {
        string code = DocumentationTests.CodeBlocksOf(File.ReadAllText(Path.Combine(Repository.Root, "docs", page)))
            .First(block => block.Contains(id, StringComparison.Ordinal));
        Assert.Contains(
            DocumentationTests.Compilation(code.Replace("#pragma", "//", StringComparison.Ordinal))
                .GetDiagnostics(TestContext.Current.CancellationToken),
            diagnostic => diagnostic.Id == id && diagnostic.Severity == DiagnosticSeverity.Error);
    }

    [GeneratedRegex(@"^\| `(MLSIEVE\d{3})` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"MLSIEVE\d{3}")]
    private static partial Regex Id();
}
