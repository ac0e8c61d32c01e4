using System.Globalization;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What a file holds, line by line, in a text that is kept beside it.</summary>
internal static class StoredAccount
{
    private const double Near = 1e-6; // another machine, or another ONNX Runtime, rounds otherwise
    private const int Rows = 12;

    /// <summary>All that a model has of its training, and what it answers.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows that it scores.</param>
    /// <param name="folder">A folder for a file.</param>
    public static string[] Of(MLContext ml, EarlyReadoutTransformer model, IDataView rows, string folder)
    {
        List<string> lines = [];
        TrainingHistory history = model.History;
        Tell("columns", model.FeatureColumnName, model.SecondTextColumnName, model.ScoreColumnName, model.PredictedLabelColumnName);
        Tell("label", model.Columns.Label);
        Tell("features", model.FeatureColumnType);
        Tell("classes", [.. model.ClassNames]);
        foreach (ReadoutColumns readout in model.Columns.Readouts) Tell("readout", readout.Name, readout.Stage);
        Tell("stages", [.. model.Graph.Stages.Select(stage => stage.Name)]);
        Tell("maps", model.Graph.FeatureMaps, model.Graph.ActivationMaps);

        Tell("history", history.Points.Count, history.Selected!.Step, history.Selection, history.Precision);
        Tell("settings", history.Settings.Count, history.Settings["Optimizer.LearningRate"]);
        foreach (Meter meter in history.Meters)
            Tell("meter", meter.Name, meter.Unit, meter.Label, meter.Chart?.Title, meter.Chart?.Bound?.Name, meter.Chart?.Bound?.Value);
        foreach (TrainingPoint point in history.Points) TellPoint("point", point);
        if (history.Refitted is { } refitted) TellPoint("refitted", refitted);

        TrainingRecord training = model.Training!;
        Tell("training", training.Trainer, training.LibraryVersion, training.Seed, training.Network, training.Parameters);
        Tell("rows by class", [.. training.RowsByClass]);
        Tell("validation rows", training.ValidationRows, training.ValidationFingerprint.Count);
        Tell("fingerprint", [.. training.DataFingerprint.Select(part => $"{part.Key} {part.Value}")]);
        foreach (ReadoutMargins margins in model.TrainingMargins)
        {
            Tell("right margins", [margins.Name, margins.Right.Count, margins.Right.Mean, .. margins.Right.Histogram]);
            Tell("wrong margins", [margins.Name, margins.Wrong.Count, margins.Wrong.Mean, .. margins.Wrong.Histogram]);
        }

        IDataView scored = model.Transform(rows);
        Tell("scores", [.. scored.GetColumn<float[]>("Score").Take(Rows).SelectMany(score => score)]);
        Tell("answers", [.. scored.GetColumn<uint>("PredictedLabel").Take(Rows)]);
        foreach (string readout in model.ReadoutNames)
            Tell($"margins of {readout}", [.. scored.GetColumn<float>($"{readout}.Margin").Take(Rows)]);
        if (model.HasActivationMaps)
        {
            IDataView maps = ml.Transforms.ClassActivationMap("Map", model).Fit(rows).Transform(rows);
            float[] heat = [.. maps.GetColumn<float[]>("Map").Take(Rows).SelectMany(map => map)];
            Assert.Contains(heat, value => value != 0); // else any map would do
            Tell("map", [.. heat]);
        }

        string weights = Path.Combine(folder, "weights.safetensors");
        model.SaveWeights(weights);
        using SafetensorsFile file = SafetensorsFile.Open(weights);
        foreach (string name in file.Names.Order(StringComparer.Ordinal))
        {
            using Tensor tensor = file.Read(name);
            Tell("weight", name, file.TypeName(name), string.Join('x', tensor.shape), Convert.ToHexString(SHA256.HashData(tensor.bytes)));
        }

        return [.. lines];

        void TellPoint(string what, TrainingPoint point)
        {
            Tell(what, point.Step, point.Epoch, point.ValidationScore);
            foreach ((string name, double loss) in point.Losses) Tell("loss", name, loss);
            foreach (ValidationGroup group in point.Groups) Tell("group", group.Name, group.Count, group.Correct);
        }

        void Tell(string what, params object?[] values) => lines.Add(Line(what, values));
    }

    /// <summary>A search that a store holds.</summary>
    public static string[] Of(ITrialStore store, string search) =>
    [
        Line("identity", [.. store.Open(search, new Dictionary<string, string>()).Select(entry => $"{entry.Key} {entry.Value}")]),
        .. store.Read(search).Select(run => Line("run",
        [
            run.Run.Number, run.Run.Trial, run.Run.Seed, run.Run.Settings, run.Run.Rungs, run.Run.Granted, run.Run.Priority, run.State,
            run.Attempt, run.Failures, run.Worker, run.Reached, run.Granted, run.Score, run.Outcome, run.Message,
        ])),
    ];

    /// <summary>Fails unless an account is the one that is kept; numbers may differ in their last digits.</summary>
    public static void AssertSame(string[] kept, string[] account)
    {
        Assert.Equal(kept.Select(NameOf), account.Select(NameOf));
        Assert.All(kept.Zip(account), line => Assert.True(IsSame(line.First, line.Second), $"It was\n{line.First}\nand is\n{line.Second}"));
    }

    private static string NameOf(string line) => line.Split(':')[0];

    private static bool IsSame(string kept, string line)
    {
        (string[] then, string[] now) = (kept.Split(' '), line.Split(' '));
        return then.Length == now.Length && then.Zip(now, IsSameWord).All(same => same);
    }

    private static bool IsSameWord(string kept, string word) => kept == word
        || (double.TryParse(kept, CultureInfo.InvariantCulture, out double then)
            && double.TryParse(word, CultureInfo.InvariantCulture, out double now)
            && Math.Abs(then - now) < Near);

    private static string Line(string what, object?[] values) =>
        $"{what}: {string.Join(' ', values.Select(value => Convert.ToString(value ?? "-", CultureInfo.InvariantCulture)))}";
}
