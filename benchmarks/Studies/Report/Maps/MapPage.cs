using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// The command <c>maps</c>: where plain training and another method look, on the pair that the method mends most and on the one that it
/// breaks most. Both are trained anew on one seed, at the settings and under the conditions of the final runs in a folder. On another
/// processor that gives other models: where their figures differ from those of the runs, that is said.
/// </summary>
internal sealed class MapPage(StudyOptions options, CancellationToken cancellation)
{
    private const int Seed = 1;
    private const int Gap = 8;
    private const string Plain = "plain";
    private const double Near = 1e-6; // a row more or less is a difference, the last digit of a fraction is none

    /// <summary>
    /// Trains, tells the counts, and writes the picture: a row for each row of the two pairs; the image, then a map of each model.
    /// </summary>
    /// <exception cref="UsageException">
    /// The study has no pairs or no plain training, there are no final runs of the method under its conditions, or no file was given.
    /// </exception>
    public void Write()
    {
        if (options.Report is null) throw new UsageException("maps needs --report FILE, the picture.");
        string name = options.Method ?? "sieve-joint";
        MethodStudy study = StudyList.Create(options) is [MethodStudy one]
            ? one
            : throw new UsageException($"maps takes a study of pairs, such as pets, not {options.Study}.");
        if (!study.Has(Plain)) throw new UsageException($"maps compares with plain training, which {study.Name} does not have.");
        FinishedRun[] finals = [.. FinishedRuns.All(options.Out).Where(run => (run.Study, run.Phase) == (study.Name, RunPhase.Final))];
        FinishedRun known = finals.LastOrDefault(run => run.Method == name)
            ?? throw new UsageException($"{options.Out} has no final run of {study.Name} by {name}.");
        FinishedRun chosen = finals.LastOrDefault(run => (run.Method, run.Conditions) == (name, study.Conditions))
            ?? throw new UsageException(
                $"the final runs of {study.Name} by {name} in {options.Out} have the conditions '{known.Conditions}', this command has "
                    + $"'{study.Conditions}': give the options that the runs were made with.");
        if (study.FinalRows(new MLContext(Seed), Seed).Test.Schema.GetColumnOrNull("Pair") is null)
            throw new UsageException($"the test rows of {study.Name} are in no pairs.");
        TrainedModel plain = study.TrainAgain(Plain, "", Seed, cancellation),
            other = study.TrainAgain(name, chosen.Settings, Seed, cancellation);
        using var first = (EarlyReadoutTransformer)plain.Model;
        using var second = (EarlyReadoutTransformer)other.Model;
        var ml = new MLContext(Seed);
        Compare(Plain, "", first);
        Compare(name, chosen.Settings, second);
        FlipCases cases = new(Answers(ml, first, plain.Test), Answers(ml, second, plain.Test));
        Console.WriteLine(FormattableString.Invariant($"{study.Name}, seed {Seed}: pairs by how many of their two rows are right"));
        for (int right = 2; right >= 0; right--)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"plain {right}: {name} 2: {cases.Count(right, 2)}, 1: {cases.Count(right, 1)}, 0: {cases.Count(right, 0)}"));
        }

        int[] rows =
        [
            .. new[] { cases.Best, cases.Worst }.OfType<PairAnswer>().SelectMany(pair => new[] { pair.Rows.First, pair.Rows.Second }),
        ];
        if (rows.Length == 0) throw new UsageException("no pair differs between the two.");
        Console.WriteLine(
            $"shown, from the top: rows {string.Join(", ", rows)}: "
                + $"{(cases.Best is null ? "no pair that is mended" : "the pair that is mended most")}, "
                + (cases.Worst is null ? "no pair that is broken" : "the pair that is broken most"));
        Tile[][] tiles = [Images(plain.Test, rows), Maps(ml, first, plain.Test, rows), Maps(ml, second, plain.Test, rows)];
        Tile.Join(tiles, Gap).Save(options.Report);

        void Compare(string method, string setting, ITransformer model)
        {
            FinishedRun? run = finals.FirstOrDefault(final =>
                (final.Conditions, final.Method, final.Settings, final.Seed) == (study.Conditions, method, setting, Seed));
            if (Difference(method, StudyMetrics.Evaluate(ml, model, plain.Test), run) is { } line) Console.WriteLine(line);
        }
    }

    /// <summary>
    /// How a model that was trained anew differs from the final run that the tables are of; <see langword="null"/> where it does not.
    /// </summary>
    /// <param name="method">The method.</param>
    /// <param name="figures">The model's figures on test rows.</param>
    /// <param name="run">The final run of its setting and seed; <see langword="null"/>: there is none.</param>
    public static string? Difference(string method, IReadOnlyDictionary<string, double> figures, FinishedRun? run)
    {
        if (run is null) return $"{method}: no final run of this setting and seed to compare with.";
        string[] differences =
        [
            .. from figure in new[] { (Name: "average", Key: StudyMetrics.Average), (Name: "flip rate", Key: StudyMetrics.Flips) }
               let here = figures.GetValueOrDefault(figure.Key, double.NaN)
               let there = run.Metrics.GetValueOrDefault(figure.Key, double.NaN)
               where !double.IsNaN(here) && !double.IsNaN(there) && Math.Abs(here - there) > Near
               select $"{figure.Name} {Percentage.Of(here)} here, {Percentage.Of(there)} there",
        ];
        return differences.Length == 0
            ? null
            : $"{method} is another model than that of the final run ({run.Processor}): {string.Join("; ", differences)}.";
    }

    private static IReadOnlyList<PairAnswer> Answers(MLContext ml, ITransformer model, IDataView rows)
    {
        IDataView scored = ml.Data.Cache(model.Transform(rows), "Pair", "Label", "PredictedLabel", "Score");
        return PairAnswer.Of(
            [.. scored.GetColumn<string>("Pair")], [.. scored.GetColumn<uint>("Label")],
            [.. scored.GetColumn<uint>("PredictedLabel")], [.. scored.GetColumn<float[]>("Score")]);
    }

    private static Tile[] Images(IDataView view, int[] rows)
    {
        var type = (VectorDataViewType)view.Schema["Pixels"].Type;
        Dictionary<int, Tile> tiles = view.GetColumn<float[]>("Pixels").Index().Where(row => rows.Contains(row.Index))
            .ToDictionary(row => row.Index, row => Tile.Of(row.Item, type.Dimensions[^2], type.Dimensions[^1]));
        return [.. rows.Select(row => tiles[row])];
    }

    private static Tile[] Maps(MLContext ml, EarlyReadoutTransformer model, IDataView view, int[] rows)
    {
        IDataView painted = ml.Transforms.ClassActivationMap("Map", model)
            .Append(ml.Transforms.ActivationMapOverlay("Overlay", "Pixels", "Map")).Fit(view).Transform(view);
        Dictionary<int, Tile> tiles = [];
        foreach ((int row, MLImage overlay) in painted.GetColumn<MLImage>("Overlay").Index())
        {
            using (overlay)
                if (rows.Contains(row)) tiles[row] = Tile.Of(overlay);
        }

        return [.. rows.Select(row => tiles[row])];
    }
}
