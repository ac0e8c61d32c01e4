using AdultIncome;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Trainers.LightGbm;

// The UCI Adult census: does a person earn more than 50 K? LightGBM leans on sex; an early readout says on which rows, and its weights make
// LightGBM lean less.
string? folder = args.Length > 0
    ? args[0]
    : Environment.GetEnvironmentVariable("MLSIEVE_DATA") is { Length: > 0 } data ? Path.Combine(data, "adult") : null;
string[] files = ["adult.data.gz", "adult.test.gz"];
if (folder is null || !files.All(file => File.Exists(Path.Combine(folder, file))))
{
    Console.Error.WriteLine(
        "usage: AdultIncome FOLDER [MODEL.zip]    with adult.data.gz and adult.test.gz of the UCI Adult data set (or set MLSIEVE_DATA to "
            + "the folder above 'adult')");
    return 2;
}

string zip = args.Length > 1 ? args[1] : "adult-income.zip";
var ml = new MLContext(seed: 1);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = !stop.IsCancellationRequested; // the second one ends the program
    stop.Cancel();
};

try
{
    IDataView census = ml.Data.LoadFromEnumerable(AdultRow.Read(Path.Combine(folder, files[0])));
    ITransformer known = AdultFeatures.Known(ml).Fit(census);
    IDataView train = known.Transform(census);
    IDataView test = known.Transform(ml.Data.LoadFromEnumerable(AdultRow.Read(Path.Combine(folder, files[1]))));
    ITransformer features = AdultFeatures.Create(ml).Fit(train);
    IDataView rows = ml.Data.Cache(features.Transform(train));

    // A small network, with a linear readout on its first layer. Where that is wrong and confident, the row has something that a simple
    // rule misses.
    using EarlyReadoutTransformer readouts = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
    {
        Network = { HiddenUnits = [64, 64] },
        Taps = [new() { Stage = 1 }, new() { Stage = 1, ClassBalanced = true }],
        Epochs = 10,
        BatchSize = 128,
        Optimizer = { LearningRate = 0.02 },
        Schedule = { Kind = ScheduleKind.Constant },
        ReadoutLearningRate = 0.01,
        CancellationToken = stop.Token, // Ctrl+C: show the readouts as they are, and go on from the checkpoint next time
        OnCancellation = CancellationBehavior.ReturnBest,
        CheckpointDirectory = Path.ChangeExtension(zip, ".checkpoints"),
    }).Fit(rows);
    IDataView read = ml.Data.Cache(readouts.Transform(rows));
    Console.WriteLine(ml.MulticlassClassification.ProfileReadouts(read, readouts.ReadoutNames, groupColumnName: "Cue"));
    if (stop.IsCancellationRequested) return 130;

    IDataView weighted = ml.Transforms.ReadoutWeight("Weight", "Readout1", alpha: 0.05, beta: 0.5).Fit(read).Transform(read);
    ITransformer plain = LightGbm(weightColumn: null).Fit(rows);
    ITransformer debiased = LightGbm(weightColumn: "Weight")
        .Fit(ml.Transforms.SelectColumns("Features", "Label", "Weight").Fit(weighted).Transform(weighted));
    GroupMetrics before = Report("LightGBM", plain);
    GroupMetrics after = Report("LightGBM with readout weights", debiased);
    bool beyondChance = after.WorstGroupAccuracyInterval.Low > before.WorstGroupAccuracyInterval.High;
    Console.WriteLine(
        FormattableString.Invariant(
            $"Worst group {before.WorstGroupAccuracy:P1} → {after.WorstGroupAccuracy:P1} (95 % intervals ")
                + FormattableString.Invariant($"{(beyondChance ? "apart" : "overlap")}), ")
            + FormattableString.Invariant($"average {before.AverageAccuracy:P1} → {after.AverageAccuracy:P1}."));

    // What is saved reads the census's columns but for the income, and knows neither readout nor weight.
    ml.Model.Save(features.Append(debiased), census.Schema, zip);
    Console.WriteLine($"Saved: {Path.GetFullPath(zip)}");
    return 0;

    LightGbmMulticlassTrainer LightGbm(string? weightColumn) => ml.MulticlassClassification.Trainers.LightGbm(
        new LightGbmMulticlassTrainer.Options { ExampleWeightColumnName = weightColumn, UseSoftmax = true, Seed = 1, NumberOfThreads = 1 });

    GroupMetrics Report(string name, ITransformer model)
    {
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(model.Transform(features.Transform(test)), "Cue");
        Console.WriteLine(name);
        Console.WriteLine(groups);
        return groups;
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Cancelled before the network had learnt anything. The same command begins again.");
    return 130;
}
catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException
    or InvalidDataException or NativeBackendException or TrainingOutOfMemoryException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}
