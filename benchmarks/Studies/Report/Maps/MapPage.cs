using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// The command <c>maps</c>: where plain training and another method look, on the pair that the method mends most and on the one that it
/// breaks most. Both are trained on one seed, at the settings that the searches in a folder of runs chose.
/// </summary>
internal sealed class MapPage(StudyOptions options, CancellationToken cancellation)
{
    private const int Seed = 1;
    private const int Gap = 8;
    private const string Plain = "plain";

    /// <summary>
    /// Trains, tells the counts, and writes the picture: a row for each row of the two pairs; the image, then a map of each model.
    /// </summary>
    /// <exception cref="UsageException">The study has no pairs, the runs have no such method, or no file was given.</exception>
    public void Write()
    {
        if (options.Report is null) throw new UsageException("maps needs --report FILE, the picture.");
        string name = options.Method == "both" ? "sieve-joint" : options.Method;
        MethodStudy study = StudyList.Create(options) is [MethodStudy one]
            ? one
            : throw new UsageException($"maps takes a study of pairs, such as pets, not {options.Study}.");
        FinishedRun chosen = FinishedRuns.All(options.Out)
            .LastOrDefault(run => (run.Study, run.Phase, run.Method) == (study.Name, RunPhase.Final, name))
            ?? throw new UsageException($"{options.Out} has no final run of {study.Name} by {name}.");
        TrainedModel plain = study.TrainAgain(Plain, "", Seed, cancellation),
            other = study.TrainAgain(name, chosen.Settings, Seed, cancellation);
        using var first = (EarlyReadoutTransformer)plain.Model;
        using var second = (EarlyReadoutTransformer)other.Model;
        var ml = new MLContext(Seed);
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
    }

    private static IReadOnlyList<PairAnswer> Answers(MLContext ml, ITransformer model, IDataView rows)
    {
        if (rows.Schema.GetColumnOrNull("Pair") is null) throw new UsageException("the study's test rows are in no pairs.");
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
