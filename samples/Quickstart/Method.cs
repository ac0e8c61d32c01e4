using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Quickstart;

/// <summary>A way to train, of the two that are compared. Network, rates and epochs are the same: all that differs is forgetting.</summary>
/// <param name="Name">The name in tables, records and file names.</param>
internal sealed record Method(string Name)
{
    /// <summary>Plain training, with a readout on each stage, which changes nothing in the network: the report shows what they see.</summary>
    public static readonly Method Plain = new("plain");

    /// <summary>The feature sieve.</summary>
    public static readonly Method Sieve = new("sieve");

    /// <summary>Both, in the order in which they run.</summary>
    public static readonly IReadOnlyList<Method> All = [Plain, Sieve];

    /// <summary>The trainer.</summary>
    /// <remarks>
    /// The settings were chosen on validation images of the training distribution, never on the test, by
    /// <c>dotnet run -c Release --project benchmarks/Studies -- run shapes --select accuracy</c>.
    /// </remarks>
    /// <param name="ml">The context.</param>
    /// <param name="configure">Sets columns, epochs and whatever else both methods share.</param>
    public IEstimator<EarlyReadoutTransformer> CreateTrainer(MLContext ml, Action<TrainerOptions> configure)
    {
        if (this == Plain)
        {
            EarlyReadoutEstimator.Options plain = Configured(new EarlyReadoutEstimator.Options { Taps = [new() { Stage = 1 }, new() { Stage = 2 }, new() { Stage = 3 }], ReadoutLearningRate = 0.01 });
            return ml.Transforms.EarlyReadout(plain);
        }

        FeatureSieveTrainer.Options sieve = Configured(new FeatureSieveTrainer.Options
        {
            Readout = { Stage = 2, Depth = 0 },
            ForgetEvery = 5,
            ForgetLearningRate = 0.1,
            ReadoutLearningRate = 0.05,
        });
        return ml.MulticlassClassification.Trainers.FeatureSieve(sieve);

        T Configured<T>(T options)
            where T : TrainerOptions
        {
            options.Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] };
            options.Optimizer.LearningRate = 0.05;
            options.Schedule.Kind = ScheduleKind.Constant;
            options.ValidationFraction = 0.1; // keeps the epoch that does best on rows held out of training
            configure(options);
            return options;
        }
    }
}
