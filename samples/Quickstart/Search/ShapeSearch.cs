using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Quickstart;

/// <summary>The search of <c>--search</c>: which sieve, if any, does better than plain training where the background misleads.</summary>
internal static class ShapeSearch
{
    /// <summary>Rows that settings are chosen on. The background says nothing about the shape there, so three quarters of them conflict.</summary>
    public const int ValidationRows = 800;

    /// <summary>The seed of the validation images; those of training and test are others.</summary>
    public const int ValidationSeed = 1_000_000;

    /// <summary>What is searched, on how many trials, with how many steps each.</summary>
    /// <remarks>
    /// The network is a quarter as wide as the other example's, so that there is time for so many trainings. The steps are as many as
    /// five minutes on two processors have room for; plain training has not quite levelled by then, and the search warns of it.
    /// </remarks>
    public static SieveSearchOptions Options(int trials, int steps) => new()
    {
        Trainer =
        {
            LabelColumnName = "Label",
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 16, 32] },
            Steps = steps,
        },
        Space = SieveSpace.Default,
        GroupColumnName = "Background",
        Trials = trials,
        SeedsPerTrial = 2,
        ConfirmationSeeds = 5,
        Seed = 1,
        Workers = 2,
    };

    /// <summary>Runs the example.</summary>
    /// <returns>Chosen settings and plain training on the test images, by seed; empty where plain training is the choice.</returns>
    public static IReadOnlyList<Run> Run(QuickstartOptions options, string output, CancellationToken cancellation)
    {
        var ml = new MLContext(seed: 1);
        string folder = Path.Combine(output, "search");
        IDataView trainRows = Draw("train", options.Rows, options.Strength, seed: 1);
        IDataView validationRows = Draw("validation", ValidationRows, BiasedShapes.Independent, ValidationSeed);
        IDataView testRows = Draw("test", BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed);
        ITransformer images = ml.Transforms.Conversion.MapValueToKey("Label", "Shape")
            .Append(ml.Transforms.LoadImages("Image", folder, "Path"))
            .Append(ml.Transforms.ResizeImages("Image", ShapePainter.Side, ShapePainter.Side))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Fit(trainRows);
        IDataView train = images.Transform(trainRows);

        SieveSearchOptions search = Options(options.Trials, options.Steps);
        search.CancellationToken = cancellation;
        search.Store = TrialStore.Sqlite(Path.Combine(folder, "search.db")); // the same command with --output goes on with it
        search.CheckpointDirectory = Path.Combine(folder, "checkpoints");
        using SearchResult<FeatureSieveTrainer.Options> result = SearchDisplay.Show(progress =>
        {
            search.Progress = progress;
            return ml.MulticlassClassification.SearchFeatureSieve(search).Run(train, images.Transform(validationRows));
        });
        Console.WriteLine(result);
        if (options.ReportPath is not null)
        {
            result.CreateReport("Which sieve, if any").Save(options.ReportPath);
            Console.WriteLine($"Report: {options.ReportPath}");
        }

        if (result.Best.IsPlain)
        {
            Console.WriteLine("No sieve beats plain training here by more than the interval: plain training is the choice.");
            return [];
        }

        // Only now the test images.
        Console.WriteLine($"Trial {result.Best.Number} and plain training are trained from {FreshSeeds.Count} fresh seeds and tested.");
        IReadOnlyList<Run> runs = new FreshSeeds(ml, images, folder).Test(
            testRows, (method, seed) => method == Method.Plain ? result.FitPlain(train, seed, cancellation) : result.Fit(train, seed, cancellation));
        Report.WriteMeans(runs);
        Console.WriteLine(Verdict.OfSearch(runs));
        Console.WriteLine($"Images and models: {output}");
        return runs;

        IDataView Draw(string name, int rows, double strength, int seed) =>
            ShapeFiles.Read(ml, ShapeFiles.Write(folder, name, BiasedShapes.Draw(rows, strength, seed), cancellation));
    }
}
