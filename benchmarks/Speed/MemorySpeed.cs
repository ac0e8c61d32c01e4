using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// A plain step where the C library gives back what is freed, over one where it keeps it, as a fit has it; in turns, on one thread.
/// </summary>
internal static class MemorySpeed
{
    private const int Rounds = 7;
    private const double LongEnough = 0.5; // seconds of a round: the first step after a change takes its memory anew

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        Console.WriteLine("| network | kept | given back / kept |");
        Console.WriteLine("|---|---|---|");
        Measure(TrainingCase.Mlp());
        Measure(TrainingCase.ConvNet());
        Measure(TrainingCase.ResNet18());
        Measure(TrainingCase.Encoder());
    }

    private static void Measure(TrainingCase made)
    {
        using TrainingCase training = made;
        ITrainingStep step = training.Plain();
        training.Run(step, 1);
        int count = Math.Max(2, (int)(LongEnough / Clock.Processor.Time(() => training.Run(step, 1))));
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "given back", () => training.Run(step, count)),
            Way.By(Clock.Processor, "kept", () =>
            {
                using KeptMemory kept = KeptMemory.Begin();
                training.Run(step, count);
            }));
        Console.WriteLine(FormattableString.Invariant(
            $"| {training.Name}, {training.Batch.Count} rows | {1e3 * comparison.Seconds("kept") / count:F1} ms | ")
            + $"{comparison.Ratio("given back", "kept")} |");
    }
}
