using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace MLSieve.Tests;

[Collection(nameof(PackageFeed))]
public sealed class PackageContentTests(PackageFeed feed)
{
    public static TheoryData<string> Packages => [.. PackageFeed.Ids];

    public static TheoryData<string, string> Libraries => new()
    {
        { "MLSieve.EarlyReadout", "Microsoft.ML.EarlyReadout" },
        { "MLSieve.FeatureSieve", "Microsoft.ML.FeatureSieve" },
        { "MLSieve.Sweeps", "MLSieve.Sweeps" },
    };

    [Fact]
    public void No_other_package_is_packed()
    {
        string[] packed = [.. Directory.GetFiles(feed.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        IEnumerable<string> expected =
        [
            .. PackageFeed.Ids.Select(id => $"{id}.{feed.Version}.nupkg"),
            .. Libraries.Select(library => $"{library.Data.Item1}.{feed.Version}.snupkg"),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), packed);
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_says_what_it_is(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PathOf(id));
        XElement metadata = Metadata(package, id);
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal((id, feed.Version), (Value("id"), Value("version")));
        XElement license = metadata.Elements().Single(element => element.Name.LocalName == "license");
        Assert.Equal(("expression", "MIT"), ((string?)license.Attribute("type"), license.Value));
        Assert.InRange(Value("description").Length, 50, 300);
        Assert.Contains("ML.NET", Value("tags"), StringComparison.Ordinal);
        XElement repository = metadata.Elements().Single(element => element.Name.LocalName == "repository");
        Assert.Matches("^[0-9a-f]{40}$", (string?)repository.Attribute("commit"));

        using var readme = new StreamReader(package.GetEntry(Value("readme"))!.Open());
        string page = readme.ReadToEnd();
        Assert.StartsWith($"# {id}\n", page.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\]\((?!https://)", page); // a gallery has nothing beside the page
        var png = new byte[24];
        using Stream icon = package.GetEntry(Value("icon"))!.Open();
        icon.ReadExactly(png);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.Equal(128, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16))); // wide
        Assert.Equal(128, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))); // high
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_has_its_documentation_and_no_native_package(string id, string assembly)
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PathOf(id));
        Assert.Equal(
            [$"lib/net10.0/{assembly}.dll", $"lib/net10.0/{assembly}.xml"],
            package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order());
        using Stream xml = package.GetEntry($"lib/net10.0/{assembly}.xml")!.Open();
        Assert.NotEmpty(XDocument.Load(xml).Descendants("member"));
        Assert.DoesNotContain(
            Dependencies(package, id).Keys,
            name => name.StartsWith("libtorch", StringComparison.OrdinalIgnoreCase) || name is "Microsoft.ML.OnnxRuntime");
    }

    [Fact]
    public void The_package_of_packages_brings_the_libraries_and_the_natives_of_the_cpu()
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PathOf("MLSieve"));
        Dictionary<string, XElement> dependencies = Dependencies(package, "MLSieve");
        Assert.All(
            ["MLSieve.FeatureSieve", "MLSieve.Sweeps"], id => Assert.Equal(feed.Version, (string?)dependencies[id].Attribute("version")));
        // Their build files are part of them: libtorch's refuses the packages for the CPU and for CUDA side by side.
        Assert.All(
            ["libtorch-cpu-linux-x64", "Microsoft.ML.OnnxRuntime"],
            id => Assert.Equal("All", (string?)dependencies[id].Attribute("include")));
        Assert.DoesNotContain(package.Entries, entry => entry.FullName.StartsWith("lib/", StringComparison.Ordinal));
    }

    [Fact]
    public void The_templates_are_there_and_the_version_of_the_packages_in_them()
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PathOf("MLSieve.Templates"));
        XElement type = Assert.Single(
            Metadata(package, "MLSieve.Templates").Descendants(), element => element.Name.LocalName == "packageType");
        Assert.Equal("Template", (string?)type.Attribute("name"));
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        foreach ((string folder, string project) in new[] { ("mlsieve-images", "MLSieveImages"), ("mlsieve-table", "MLSieveTable") })
        {
            Assert.Contains($"content/{folder}/.template.config/template.json", names);
            using Stream file = package.GetEntry($"content/{folder}/{project}.csproj")!.Open();
            XElement reference = Assert.Single(XDocument.Load(file).Descendants("PackageReference"));
            Assert.Equal(("MLSieve", feed.Version), ((string?)reference.Attribute("Include"), (string?)reference.Attribute("Version")));
        }

        Assert.DoesNotContain(names, name => Regex.IsMatch(name, "/(bin|obj|shared)/|^lib/"));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_is_deterministic_and_its_symbols_hold_what_no_commit_has(string id, string assembly)
    {
        using ZipArchive package = ZipFile.OpenRead(feed.PathOf(id)), symbols = ZipFile.OpenRead(feed.PathOf(id, "snupkg"));
        using var dll = new PEReader(new MemoryStream(Read(package, $"lib/net10.0/{assembly}.dll")));
        using var pdb = new Symbols(Read(symbols, $"lib/net10.0/{assembly}.pdb"));

        Assert.Contains(dll.ReadDebugDirectory(), entry => entry.Type == DebugDirectoryEntryType.Reproducible);
        DebugDirectoryEntry codeView = dll.ReadDebugDirectory().First(entry => entry.Type == DebugDirectoryEntryType.CodeView);
        Assert.Equal(dll.ReadCodeViewDebugDirectoryData(codeView).Guid, pdb.Id);
        Assert.Contains(pdb.Embedded, document => document.EndsWith("AssemblyInfo.cs", StringComparison.Ordinal));
    }

    private static Dictionary<string, XElement> Dependencies(ZipArchive package, string id)
    {
        XElement group = Assert.Single(Metadata(package, id).Descendants(), element => element.Name.LocalName == "group");
        Assert.Equal("net10.0", (string?)group.Attribute("targetFramework"));
        return group.Elements().ToDictionary(dependency => (string)dependency.Attribute("id")!);
    }

    private static XElement Metadata(ZipArchive package, string id)
    {
        using Stream nuspec = package.GetEntry($"{id}.nuspec")!.Open();
        return Assert.Single(XDocument.Load(nuspec).Root!.Elements());
    }

    private static byte[] Read(ZipArchive archive, string name)
    {
        using var bytes = new MemoryStream();
        using Stream entry = archive.GetEntry(name)!.Open();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }
}
