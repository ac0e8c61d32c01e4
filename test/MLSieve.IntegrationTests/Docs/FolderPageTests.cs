using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The block of docs/getting-started.md that begins at folders of images, run as a reader would run it.</summary>
public sealed class FolderPageTests : IDisposable
{
    private const int Side = 24;
    private static readonly string[] _places = ["land", "water"];
    private readonly string _root = Directory.CreateTempSubdirectory("mlsieve-birds-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void From_folders_of_images_to_figures_by_groups_of_a_second_level_and_of_a_file()
    {
        var random = new Random(1);
        List<string> places = ["Path,Place"];
        for (int i = 0; i < 120; i++)
        {
            (string label, string place) = (_places[i % 2] + "bird", _places[i / 2 % 2]);
            Draw($"train/{label}/{place}/{i:000}.png", label, place, random);
            if (i < 40) Draw($"validation/{label}/{place}/{i:000}.png", label, place, random);
            if (i >= 40) continue;
            Draw($"test/{label}/{i:000}.png", label, place, random);
            places.Add($"{label}/{i:000}.png,{place}");
        }

        File.WriteAllLines(Path.Combine(_root, "places.csv"), places);
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "getting-started.md"));
        string code = DocumentationTests.CodeBlocksOf(page).Single(block => block.Contains("LoadFromFolders", StringComparison.Ordinal));
        string here = code.Replace("\"birds/", $"\"{_root.Replace('\\', '/')}/", StringComparison.Ordinal);
        Assembly program = OwnMethodPage.Compile(here);
        program.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Array.Empty<string>()], null);

        GroupMetrics groups = GroupMetrics.FromJson(File.ReadAllText(Path.Combine(_root, "groups.json")));
        Assert.Equal(
            ["landbird, land", "landbird, water", "waterbird, land", "waterbird, water"], groups.Groups.Select(group => group.Name));
        Assert.All(groups.Groups, group => Assert.Equal(10, group.Count));
        Assert.InRange(groups.WorstGroupAccuracy, 0.8, 1); // the bird is plain to see
        var ml = new MLContext(seed: 1);
        IDataView rows = ml.Data.LoadFromFolders(Path.Combine(_root, "test"));
        using var stock = (TransformerChain<ITransformer>)ml.Model.Load(Path.Combine(_root, "model.zip"), out _);
        float[][] scores = [.. stock.Transform(rows).GetColumn<float[]>("Score")];
        Assert.Equal((40, 2), (scores.Length, scores[0].Length));
    }

    /// <summary>A background that says the place, and on it a bright bar: upright for land birds, lying for water birds.</summary>
    private void Draw(string file, string label, string place, Random random)
    {
        var pixels = new byte[4 * Side * Side];
        int offset = random.Next(4, Side - 8);
        for (int i = 0; i < Side * Side; i++)
        {
            int along = label == "landbird" ? i % Side : i / Side;
            bool isBird = along >= offset && along < offset + 4;
            for (int channel = 0; channel < 3; channel++)
                pixels[4 * i + channel] = (byte)(isBird ? 250 : random.Next(60) + (channel == (place == "land" ? 1 : 2) ? 60 : 0));
            pixels[4 * i + 3] = 255;
        }

        string path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var image = MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Rgba32, pixels);
        image.Save(path);
    }
}
