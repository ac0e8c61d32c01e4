using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace Quickstart;

/// <summary>The search of <c>--search</c>: which sieve, if any, does better than plain training where the background misleads.</summary>
internal static class ShapeSearch
{
    /// <summary>What is searched, on how many trials, with how many steps each.</summary>
    public static SieveSearchOptions Options(int trials, int steps) => new()
    {
        Trainer =
        {
            LabelColumnName = "Label",
            FeatureColumnName = "Pixels",
            Network = Method.Network,
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
        var images = ShapeImages.Draw(ml, folder, options.Rows, options.Strength, seed: 1, cancellation);
        IDataView train = images.ToPixels.Transform(images.Train), validation = images.ToPixels.Transform(images.Validation);

        SieveSearchOptions search = Options(options.Trials, options.Steps);
        search.CancellationToken = cancellation;
        search.Store = TrialStore.Sqlite(Path.Combine(folder, "search.db")); // the same command with --output goes on with it
        search.CheckpointDirectory = Path.Combine(folder, "checkpoints");
        using SearchResult<FeatureSieveTrainer.Options> result = SearchDisplay.Show(progress =>
        {
            search.Progress = progress;
            return ml.MulticlassClassification.SearchFeatureSieve(search).Run(train, validation);
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
        IReadOnlyList<Run> runs = new FreshSeeds(ml, images.ToPixels, folder).Test(
            images.Test,
            (method, seed) => method == Method.Plain ? result.FitPlain(train, seed, cancellation) : result.Fit(train, seed, cancellation));
        Report.WriteMeans(runs);
        Console.WriteLine(Verdict.OfSearch(runs));
        Console.WriteLine($"Images and models: {output}");
        return runs;
    }
}
