using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

public sealed partial class SiteTests(Site site) : IClassFixture<Site>
{
    private static readonly Type[] PublicTypes =
    [
        .. new[] { typeof(EarlyReadoutTransformer), typeof(FeatureSieveTrainer), typeof(TrialStore) }
            .SelectMany(type => type.Assembly.GetExportedTypes()),
    ];

    [Fact]
    public void The_command_of_contributing_builds_the_site_without_a_warning()
    {
        site.SkipIfMissing();
        Assert.Contains($"\ndotnet {string.Join(' ', Site.Command)}\n", Page("CONTRIBUTING.md"), StringComparison.Ordinal);
        Assert.Contains("    0 warning(s)", site.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_public_type_has_a_page_that_says_what_it_is()
    {
        site.SkipIfMissing();
        Assert.True(PublicTypes.Length > 100);
        Assert.All(PublicTypes, type =>
        {
            string page = Path.Combine(Site.Folder, "api", type.FullName!.Replace('+', '.').Replace('`', '-') + ".html");
            Assert.True(File.Exists(page), $"{type} has no page. If it is new, build samples/Sweep for Release first.");
            Assert.Matches(@"<div class=""markdown summary""><p>\S", File.ReadAllText(page));
        });
    }

    [Fact]
    public void Every_link_and_picture_of_the_site_leads_somewhere()
    {
        site.SkipIfMissing();
        Assert.Empty(Site.BrokenLinks(Site.Folder, out int count));
        Assert.True(count > 3_000, $"Only {count} links were found.");
    }

    [Fact]
    public void Every_reference_to_a_member_became_a_link_or_text()
    {
        site.SkipIfMissing();
        string[] pages = Directory.GetFiles(Site.Folder, "*.html", SearchOption.AllDirectories);
        Assert.All(pages, page => Assert.DoesNotMatch("<(xref|see|seealso|paramref|inheritdoc|para|c)[ />]", File.ReadAllText(page)));
    }

    [Fact]
    public void The_table_of_contents_holds_every_page_once()
    {
        string[] pages =
        [
            .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(page => Path.GetFileName(page)),
            "../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md",
        ];
        string[] entries = [.. Entry().Matches(Page("docs/toc.yml")).Select(entry => entry.Groups[1].Value)];
        Assert.Equal(pages.Order(StringComparer.Ordinal), entries.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_of_the_api_lists_every_method_under_its_catalog()
    {
        string[] sections = [.. Page("docs/site/api/index.md").Split("\n## ")];
        (string Catalog, MethodInfo Method)[] methods =
        [
            .. PublicTypes.Where(type => type.Namespace == "Microsoft.ML")
                .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
                .Where(method => method.IsDefined(typeof(ExtensionAttribute)))
                .Select(method => (Catalog(method.GetParameters()[0].ParameterType), method)),
        ];
        Assert.NotEmpty(methods);
        Assert.All(methods, found => Assert.Contains(
            $"[{found.Method.Name}](xref:{found.Method.DeclaringType!.FullName}.{found.Method.Name}*)",
            sections.Single(section => section.StartsWith(found.Catalog + "\n", StringComparison.Ordinal)),
            StringComparison.Ordinal));
    }

    [Fact]
    public void The_code_of_the_front_page_is_that_of_the_readme()
    {
        string code = DocumentationTests.CodeBlocksOf(Page("docs/site/index.md")).Single();
        Assert.Contains(code, Page("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_told()
    {
        string folder = Directory.CreateTempSubdirectory("site-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.html"), """
                <a id="x" href="#x"></a> <a href="b.html#y"></a> <a href="https://c/"></a> <img src="d.png">
                """);
            File.WriteAllText(Path.Combine(folder, "b.html"), """<h2 id="x"></h2><a href="a.html#x"></a>""");
            Assert.Equal(["a.html: b.html#y", "a.html: d.png"], Site.BrokenLinks(folder, out int count).Order());
            Assert.Equal(4, count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Page(string path) => File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n");

    private static string Catalog(Type first) => first switch
    {
        _ when first == typeof(MLContext) => "mlContext",
        _ when first == typeof(DataOperationsCatalog) => "mlContext.Data",
        _ when first == typeof(TransformsCatalog) => "mlContext.Transforms",
        _ when first == typeof(MulticlassClassificationCatalog.MulticlassClassificationTrainers) =>
            "mlContext.MulticlassClassification.Trainers",
        _ when first == typeof(MulticlassClassificationCatalog) => "mlContext.MulticlassClassification",
        _ => "On a result",
    };

    [GeneratedRegex(@"href: (\S+)")]
    private static partial Regex Entry();
}
