using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Quickstart;

/// <summary>
/// What a search's choice is worth: it and plain training, trained from seeds that the search has not seen, on test images that nothing was
/// chosen by.
/// </summary>
/// <param name="ml">The context.</param>
/// <param name="images">From rows to pixels.</param>
/// <param name="folder">Where models are saved.</param>
internal sealed class FreshSeeds(MLContext ml, ITransformer images, string folder)
{
    /// <summary>How many seeds.</summary>
    public const int Count = 5;

    /// <summary>Trains and tests both ways from each seed.</summary>
    /// <param name="testRows">The test images.</param>
    /// <param name="fit">Trains one way from a seed.</param>
    public IReadOnlyList<Run> Test(IDataView testRows, Func<Method, int, EarlyReadoutTransformer> fit)
    {
        IDataView test = ml.Data.Cache(images.Transform(testRows), "Label", "Background", "Cue", "Pixels");
        var runs = new List<Run>();
        for (int seed = 1; seed <= Count; seed++)
        {
            // Side by side: a network this small leaves a second processor idle. What a training throws, as after Ctrl+C, comes as it is:
            // PLINQ would wrap it.
            Run[] both = Task.WhenAll(Method.All.Select(method => Task.Run(() => TrainAndTest(method, seed)))).GetAwaiter().GetResult();
            runs.AddRange(both);
            foreach (Run run in both)
            {
                Console.WriteLine(
                    FormattableString.Invariant(
                        $"{run.Method.Name}, seed {seed}: {100 * run.ConflictingAccuracy:F1} % right where the background ")
                        + FormattableString.Invariant($"conflicts, {100 * run.AgreeingAccuracy:F1} % where it agrees"));
            }
        }

        return runs;

        Run TrainAndTest(Method method, int seed)
        {
            using EarlyReadoutTransformer model = fit(method, seed);
            string zip = Path.Combine(folder, FormattableString.Invariant($"{method.Name}-{seed}.zip"));
            ml.Model.Save(images.Append(model), testRows.Schema, zip);
            return Run.Evaluate(ml, ml.Data.Cache(model.Transform(test)), seed, method, zip);
        }
    }
}
