using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Quickstart;

/// <summary>A way to train, of the two that are compared. Network, rates and epochs are the same: all that differs is forgetting.</summary>
/// <param name="Name">The name in tables, records and file names.</param>
/// <param name="ForgetEvery">Steps from one forgetting step to the next; 0: never.</param>
internal sealed record Method(string Name, int ForgetEvery)
{
    /// <summary>Without forgetting the trainer is a plain one.</summary>
    public static readonly Method Plain = new("plain", 0);

    /// <summary>The feature sieve.</summary>
    public static readonly Method Sieve = new("sieve", 5);

    /// <summary>Both, in the order in which they run.</summary>
    public static readonly IReadOnlyList<Method> All = [Plain, Sieve];

    /// <summary>The trainer's options.</summary>
    /// <remarks>
    /// Chosen on validation images of the training distribution, never on the test, by
    /// <c>dotnet run -c Release --project benchmarks/Studies -- run shapes --select accuracy</c>.
    /// </remarks>
    public FeatureSieveTrainer.Options CreateOptions(int epochs) => new()
    {
        Network = { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] },
        Optimizer = { LearningRate = 0.05 },
        Epochs = epochs,
        ValidationFraction = 0.1, // keeps the epoch that does best on rows held out of training
        Readout = { Stage = 2, Depth = 0 },
        ForgetEvery = ForgetEvery,
        ForgetLearningRate = 0.1,
        ReadoutLearningRate = 0.05,
    };
}
