using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Quickstart;

/// <summary>
/// A way to train, of the two that are compared. Network, rate, steps and validation images are the same: all that differs is forgetting.
/// </summary>
/// <param name="Name">The name in tables, records and file names.</param>
internal sealed record Method(string Name)
{
    /// <summary>
    /// Plain training, with a readout on each stage, which changes nothing in the network: the report shows what they see.
    /// </summary>
    public static readonly Method Plain = new("plain");

    /// <summary>The feature sieve.</summary>
    public static readonly Method Sieve = new("sieve");

    /// <summary>Both, in the order in which they run.</summary>
    public static readonly IReadOnlyList<Method> All = [Plain, Sieve];

    /// <summary>
    /// Steps of either method, enough to show the difference. Plain training is not done: three times as many gave it 7.5 points more where
    /// the background misleads, on the one seed that had both (docs/results-short.md).
    /// </summary>
    public const int Steps = 4_500;

    private const int Validations = 45;

    /// <summary>The network: small, so that it trains in half a minute.</summary>
    public static NetworkOptions Network => new() { Kind = NetworkKind.ConvNet, Channels = [8, 16, 32] };

    /// <summary>The trainer.</summary>
    /// <remarks>
    /// The sieve forgets every fifth step, at three times the main rate; its readout learns at a fifth of it. Both were chosen on images of
    /// seeds of their own, neither those that are trained on here nor the test images.
    /// </remarks>
    /// <param name="ml">The context.</param>
    /// <param name="validation">Images that the best step is chosen by.</param>
    /// <param name="steps">Batches to train on.</param>
    /// <param name="configure">Sets what is the program's own.</param>
    public IEstimator<EarlyReadoutTransformer> CreateTrainer(
        MLContext ml, IDataView validation, int steps, Action<TrainerOptions> configure)
    {
        if (this == Sieve)
        {
            return ml.MulticlassClassification.Trainers.FeatureSieve(Configured(new FeatureSieveTrainer.Options
            {
                Readout = { Stage = 1, Depth = 1 },
                ForgetLearningRate = 0.15,
                ReadoutLearningRate = 0.01,
            }));
        }
        EarlyReadoutEstimator.Tap[] taps = [new() { Stage = 1 }, new() { Stage = 2 }, new() { Stage = 3 }];
        return ml.Transforms.EarlyReadout(Configured(new EarlyReadoutEstimator.Options { Taps = taps }));

        T Configured<T>(T options)
            where T : TrainerOptions
        {
            options.FeatureColumnName = "Pixels";
            options.Network = Network;
            options.Steps = steps;
            // The background is used here alone: to keep the network that does best on the mean of the groups shape × background.
            options.ValidationSet = validation;
            options.GroupColumnName = "Background";
            options.Selection = SelectionMetric.UnbiasedAccuracy;
            options.ValidateEverySteps = Math.Max(1, steps / Validations);
            configure(options);
            return options;
        }
    }
}
