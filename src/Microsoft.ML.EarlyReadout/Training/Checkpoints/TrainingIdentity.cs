using System.Security.Cryptography;
using System.Text;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// All that a training's course depends on, as names and values: two trainings of equal identities end with equal networks.
/// </summary>
internal static class TrainingIdentity
{
    /// <summary>The entry of the arithmetic that training uses, which may be settled by the checkpoint itself.</summary>
    public const string Precision = "the precision";

    private const int FolderDigits = 16;

    /// <summary>This library's version.</summary>
    public static string LibraryVersion { get; } = PackageVersion.Of(typeof(TrainingIdentity).Assembly);

    // What may change between two parts of a training without changing its course, besides where files lie.
    private static readonly string[] DoNotChangeTraining =
    [
        nameof(TrainerOptions.Seed), // what it came to is an entry of its own
        nameof(TrainerOptions.Precision), // so is this
        nameof(TrainerOptions.Device),
        nameof(TrainerOptions.MemoryBudgetMebibytes),
        nameof(TrainerOptions.OnCancellation),
        nameof(TrainerOptions.CheckpointDirectory),
        nameof(TrainerOptions.CheckpointEverySteps),
        nameof(TrainerOptions.CheckpointEveryMinutes),
        nameof(TrainerOptions.CheckpointsKept),
        nameof(TrainerOptions.Distribution), // nor does the number of ranks, but for rounding
    ];

    // What processes that train together may have of their own, besides where files lie.
    private static readonly string[] OfRank =
    [
        nameof(TrainerOptions.Device),
        nameof(TrainerOptions.MemoryBudgetMebibytes),
        nameof(TrainerOptions.CheckpointDirectory),
    ];

    /// <summary>The identity; without the entry <see cref="Precision"/> where that is not settled yet. All rows are gone through.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static SortedDictionary<string, string> Of(
        string trainer, TrainerOptions options, Precision? precision, long seed, StagedNetwork network, TrainingSet training,
        TrainingSet? validation, Cancellation cancellation)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["the trainer"] = trainer,
            ["this library's version"] = LibraryVersion,
            ["TorchSharp's version"] = PackageVersion.Of(typeof(torch).Assembly),
            ["the seed"] = FormattableString.Invariant($"{seed}"),
            ["the network's type"] = network.GetType().FullName!,
        };
        if (options.HasTrainedWeights) identity["the weights that it starts from"] = ModuleState.HashOf(network);
        if (precision is not null) identity[Precision] = $"{precision}";
        foreach ((string name, string value) in OptionValues.Of(options))
            if (!DoNotChangeTraining.Contains(name) && !options.PathOptions.Contains(name)) identity[name] = value;
        DataFingerprint.Add(identity, "the training data's", training, cancellation);
        if (validation is not null) DataFingerprint.Add(identity, "the validation data's", validation, cancellation);
        return identity;
    }

    /// <summary>What must be the same in all processes that train together.</summary>
    /// <param name="identity">The identity.</param>
    /// <param name="precision">The arithmetic.</param>
    /// <param name="options">The options that it is made of.</param>
    /// <param name="checkpoint">The checkpoint that is gone on with; <see langword="null"/>: none are taken.</param>
    public static SortedDictionary<string, string> OfRanks(
        SortedDictionary<string, string> identity, Precision precision, TrainerOptions options, string? checkpoint)
    {
        var all = new SortedDictionary<string, string>(identity, StringComparer.Ordinal)
        {
            [Precision] = $"{precision}",
            ["the checkpoint"] = checkpoint ?? "not taken",
        };
        foreach ((string name, string value) in OptionValues.Of(options))
            if (!OfRank.Contains(name) && !options.PathOptions.Contains(name)) all[name] = value;
        return all;
    }

    /// <summary>A name for a folder of a training's own: that of another identity differs.</summary>
    /// <param name="identity">The identity, without its precision.</param>
    /// <param name="precision">The precision that was asked for.</param>
    public static string FolderName(SortedDictionary<string, string> identity, Precision precision) =>
        "trial-" + FolderHash($"{string.Join('\n', identity)}\n{precision}");

    /// <summary>What the name of such a folder ends in: 16 hexadecimal digits.</summary>
    /// <param name="identity">The identity, as a text.</param>
    public static string FolderHash(string identity) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..FolderDigits];

    /// <summary>What differs, in words.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> now) =>
        [.. saved.Keys.Union(now.Keys).Where(name => saved.GetValueOrDefault(name) != now.GetValueOrDefault(name))
            .Select(name =>
                Excerpt.Of($"{name} was {saved.GetValueOrDefault(name, "not given")} and is {now.GetValueOrDefault(name, "not given")}"))];
}
