using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Where the processor time of a plain step goes, on one thread: its parts, in the order in which a step runs them; what is left of it with
/// a batch of two rows, which is what the library, TorchSharp and the start of each small kernel cost, with the update of the weights; and
/// the tensors and bytes that the managed side makes in it.
/// </summary>
internal static class StepProfile
{
    private const int Rounds = 5;
    private const double LongEnough = 0.1; // seconds of a round

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        set_num_threads(1);
        Console.WriteLine("| network | step | with two rows | forward | loss | backward | gradient norm | update | tensors | managed |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        Measure(TrainingCase.Mlp);
        Measure(TrainingCase.ConvNet);
        Measure(rows => TrainingCase.ResNet18(rows: rows));
        Measure(TrainingCase.Encoder);
    }

    private static void Measure(Func<int?, TrainingCase> create)
    {
        using TrainingCase whole = create(null), two = create(2);
        ITrainingStep step = whole.Plain(), least = two.Plain();
        int count = CountFor(() => whole.Run(step, 1));
        StagedNetwork network = whole.CreateNetwork();
        using Optimizer optimizer = Optimizer.Create(whole.Options.Optimizer, network);
        var parts = new Laps();
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "whole", () => whole.Run(step, count)),
            Way.By(Clock.Processor, "two rows", () => two.Run(least, count)),
            Way.By(Clock.Processor, "parts", () => RunParts(count)));
        double seconds = comparison.Seconds("whole") / count;
        (long tensors, long bytes) = Made(() => whole.Run(step, count));
        Console.WriteLine(FormattableString.Invariant(
            $"| {whole.Name}, {whole.Batch.Count} rows | {1e3 * seconds:F3} ms | {comparison.Ratio("two rows", "whole").Median:P0} | ")
            + string.Join(" | ", parts.Shares)
            + FormattableString.Invariant($" | {tensors / count} | {bytes / count / 1024.0:F0} KiB |"));

        // SupervisedStep.Run, part by part
        void RunParts(int steps)
        {
            OptimizerOptions options = whole.Options.Optimizer;
            for (int i = 0; i < steps; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                var context = new StepContext(i, 1, whole.Meters);
                parts.Start();
                Tensor logits = network.call(whole.Batch.Features);
                parts.End("forward");
                Tensor loss = EmpiricalRisk.Plain.Of(logits, whole.Batch);
                context.Report("main", loss, whole.Batch.Count);
                parts.End("loss");
                loss.backward();
                parts.End("backward");
                context.Meters.CheckFinite("gradient norm", optimizer.GradientNorm());
                parts.End("norm");
                if (options.ClipNorm > 0) optimizer.ClipGradients(options.ClipNorm.Value);
                optimizer.Step(options.LearningRate!.Value);
                optimizer.ZeroGradients();
                parts.End("update");
            }

            whole.Meters.Reset();
        }
    }

    private static int CountFor(Action step)
    {
        step();
        return Math.Max(1, (int)(LongEnough / Clock.Processor.Time(step)));
    }

    private static (long Tensors, long Bytes) Made(Action work)
    {
        long tensors = DisposeScopeManager.Statistics.CreatedInScopeCount, bytes = GC.GetAllocatedBytesForCurrentThread();
        work();
        return (DisposeScopeManager.Statistics.CreatedInScopeCount - tensors, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }

    /// <summary>Processor time by part.</summary>
    private sealed class Laps
    {
        private readonly Dictionary<string, double> _seconds = [];
        private double _last;

        public void Start() => _last = Clock.Processor.Now;

        public void End(string part)
        {
            double now = Clock.Processor.Now;
            _seconds[part] = _seconds.GetValueOrDefault(part) + now - _last;
            _last = now;
        }

        /// <summary>The share of each part, in the order in which they first ended.</summary>
        public IEnumerable<string> Shares => _seconds.Values.Select(seconds =>
            FormattableString.Invariant($"{seconds / _seconds.Values.Sum():P0}"));
    }
}
