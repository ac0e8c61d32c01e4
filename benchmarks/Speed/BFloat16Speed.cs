using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>A plain step in float32 and in bfloat16, in turns, on one thread. Without instructions for bfloat16 it takes minutes.</summary>
internal static class BFloat16Speed
{
    private const int Rounds = 5;

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        set_num_threads(1);
        PrecisionSpeed here = PrecisionSpeed.Of(images: true, CPU);
        Console.WriteLine($"Here {here}.");
        Console.WriteLine("| network | float32 | float32 / bfloat16 |");
        Console.WriteLine("|---|---|---|");
        Measure(TrainingCase.ConvNet());
        Measure(TrainingCase.ResNet18());
        Measure(TrainingCase.Encoder());
    }

    private static void Measure(TrainingCase made)
    {
        using TrainingCase training = made;
        ITrainingStep full = training.Plain(), half = training.Plain(Precision.BFloat16);
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "float32", () => training.Run(full, 2)),
            Way.By(Clock.Processor, "bfloat16", () => training.Run(half, 2)));
        Console.WriteLine(FormattableString.Invariant(
            $"| {training.Name}, {training.Batch.Count} rows | {1e3 * comparison.Seconds("float32") / 2:F0} ms | ")
            + $"{comparison.Ratio("float32", "bfloat16")} |");
    }
}
