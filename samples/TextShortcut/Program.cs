using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TextShortcut;
using TorchSharp;

// A small text set with a planted shortcut: in nine of ten training sentences the cinema gives the verdict away, in the test it says
// nothing. Plain training often leans on it. Just Train Twice counts those rows more that a short first training gets wrong; it is not told
// which they are.
int[]? numbers = Numbers(args);
if (numbers is null)
{
    Console.Error.WriteLine(
        "usage: TextShortcut [SEEDS [ROWS [EPOCHS [FIRST_SEED]]]]    whole numbers from 1 on; by default 1, 2000, 16 and 1");
    return 2;
}

(int seeds, int rows, int epochs, int first) = (numbers[0], numbers[1], numbers[2], numbers[3]);
var ofPlain = new List<GroupMetrics>();
var ofTwice = new List<GroupMetrics>();
try
{
    NativeBackend.EnsureLoaded(); // says what to add where libtorch is missing, which TorchSharp does not
    torch.set_num_threads(1); // so small a network has no work for two
    for (int seed = first; seed < first + seeds; seed++)
    {
        var ml = new MLContext(seed);
        IDataView train = ml.Data.LoadFromEnumerable(Review.Draw(rows, agreement: 0.9, seed));
        IDataView test = ml.Data.LoadFromEnumerable(Review.Draw(1000, agreement: 0.5, seed + 1000));
        ofPlain.Add(Evaluate(ml, train, test, "plain training", ObjectiveKind.EmpiricalRisk));
        ofTwice.Add(Evaluate(ml, train, test, "Just Train Twice", ObjectiveKind.JustTrainTwice));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Seed {seed}: worst group {ofPlain[^1].WorstGroupAccuracy:P1} → {ofTwice[^1].WorstGroupAccuracy:P1}, ")
            + string.Create(CultureInfo.InvariantCulture,
                $"mean of groups {ofPlain[^1].UnbiasedAccuracy:P1} → {ofTwice[^1].UnbiasedAccuracy:P1}."));
        Console.WriteLine();
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"Over {seeds} seeds: worst group {ofPlain.Average(groups => groups.WorstGroupAccuracy):P1} → ")
        + string.Create(CultureInfo.InvariantCulture, $"{ofTwice.Average(groups => groups.WorstGroupAccuracy):P1}, mean of groups ")
        + string.Create(CultureInfo.InvariantCulture,
            $"{ofPlain.Average(groups => groups.UnbiasedAccuracy):P1} → {ofTwice.Average(groups => groups.UnbiasedAccuracy):P1}."));
    return 0;
}
catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException
    or NativeBackendException or TrainingOutOfMemoryException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}

GroupMetrics Evaluate(MLContext ml, IDataView train, IDataView test, string name, ObjectiveKind objective)
{
    using TransformerChain<EarlyReadoutTransformer> model = ml.Transforms.Conversion.MapValueToKey("Label", "Verdict")
        .Append(ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            TextColumnName = "Text",
            Network = { MaxTokens = 16, Encoder = { Layers = 3, Width = 48, Heads = 2 } },
            Objective = { Kind = objective, JustTrainTwice = { IdentificationEpochs = Math.Min(3, epochs), UpWeight = 10 } },
            Epochs = epochs,
        }))
        .Fit(train);
    GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(model.Transform(test), "Cinema");
    Console.WriteLine($"{name}, test sentences by verdict and cinema:");
    Console.WriteLine(groups);
    return groups;
}

static int[]? Numbers(string[] arguments)
{
    int[] numbers = [1, 2000, 16, 1];
    if (arguments.Length > numbers.Length) return null;
    foreach ((int i, string argument) in arguments.Index())
        if (!int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] < 1) return null;
    return numbers;
}
