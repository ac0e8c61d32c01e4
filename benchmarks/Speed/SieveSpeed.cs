using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// What a step of the feature sieve with nothing set costs over a plain one, alternating and as one joint update, on one thread. In theory
/// it costs 1 + r + (f + r)/F of a plain step: r is the readout's share of the network, f that of the stages below it, F how seldom it
/// forgets.
/// </summary>
internal static class SieveSpeed
{
    private const int Rounds = 5;
    private const double LongEnough = 0.2; // seconds of a round

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        set_num_threads(1);
        Console.WriteLine("| network | plain step | readout | sieve / plain | joint / plain |");
        Console.WriteLine("|---|---|---|---|---|");
        Measure(TrainingCase.Mlp());
        Measure(TrainingCase.ConvNet());
        Measure(TrainingCase.ResNet18());
        Measure(TrainingCase.Encoder());
        Measure(TrainingCase.ResNet18(pretrained: true));
    }

    private static void Measure(TrainingCase made)
    {
        using TrainingCase training = made;
        ITrainingStep plain = training.Plain(), sieve = training.Sieve(), joint = training.Joint();
        int every = training.Options.ForgetEvery;
        training.Run(plain, every);
        int count = every * Math.Max(1, (int)(LongEnough / Clock.Processor.Time(() => training.Run(plain, every))));
        var comparison = new Comparison(Rounds, Steps("plain", plain), Steps("sieve", sieve), Steps("joint", joint));
        Console.WriteLine(FormattableString.Invariant(
            $"| {training.Name} | {1e3 * comparison.Seconds("plain") / count:F3} ms | stage {training.Options.Readout.Stage}, depth ")
            + FormattableString.Invariant($"{training.Options.Readout.Depth} | {comparison.Ratio("sieve", "plain")} | ")
            + $"{comparison.Ratio("joint", "plain")} |");

        Way Steps(string name, ITrainingStep step) => Way.By(Clock.Processor, name, () => training.Run(step, count));
    }
}
