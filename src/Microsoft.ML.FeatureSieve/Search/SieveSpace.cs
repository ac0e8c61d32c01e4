using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.EarlyReadout.Training;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// What a search of the feature sieve varies: where the readout taps, how strong it is, how often and how hard the network forgets. No
/// forgetting, which is plain training, is always tried besides.
/// </summary>
/// <remarks>
/// <para>
/// Strength is a ratio: the released code forgets at ten times the main rate, and so did the best setting found for networks trained from
/// nothing, at a main rate fifty times higher. Hence both rates are multiples of the main rate, which is that of <see
/// cref="SearchOptions{TOptions}.Trainer"/>, automatic or given, unless <see cref="LearningRate"/> is varied.
/// </para>
/// <para>What decides most is the stage, so draws are even over the stages. Those that the network does not have are left out.</para>
/// </remarks>
public sealed record SieveSpace : ITrialSpace
{
    /// <summary>For networks with fresh weights and for tables, and the default of a search.</summary>
    public static SieveSpace Default => new();

    /// <summary>
    /// The random search of the authors' released code, for pretrained residual networks: readouts of 1 to 6 blocks of 256 channels,
    /// forgetting every 15 steps, rates from 1e-4 to 1e-1. There the three rates are independent of each other; here two are multiples of
    /// the first, which come to the same range at its released default of 1e-3. To its 15 this adds the released default of 5.
    /// </summary>
    public static SieveSpace Released => new()
    {
        Depths = [1, 2, 3, 4, 5, 6],
        Widths = [256],
        ForgetEvery = [5, 15],
        ForgetRateMultiple = new(0.1, 100),
        ReadoutRateMultiple = new(0.1, 100),
        LearningRate = new(1e-4, 1e-1),
        WeightDecay = new(1e-6, 1e-3),
    };

    /// <summary>The stages that the readout may read, from 1.</summary>
    /// <value>The default value is <see langword="null"/>: all of the network's.</value>
    public int[]? Stages { get; init; }

    /// <summary>Blocks of the readout before its linear classifier.</summary>
    /// <value>
    /// The default value is 0, 1, 2: a linear readout was best on coloured images, and 2 is the released default; more cost more than a
    /// small network itself. Each at least 0.
    /// </value>
    public int[] Depths { get; init; } = [0, 1, 2];

    /// <summary>Channels (or units) of each block.</summary>
    /// <value>The default value is <see langword="null"/>: automatic, as in <see cref="ReadoutOptions.Width"/>. Each at least 1.</value>
    public int[]? Widths { get; init; }

    /// <summary>Steps from one forgetting step to the next.</summary>
    /// <value>
    /// The default value is 1, 2, 5, 15: what is forgotten is soon learnt again where steps are few. 5 is the released default, 15 what
    /// the released search had. Each at least 1; plain training needs no 0 here.
    /// </value>
    public int[] ForgetEvery { get; init; } = [1, 2, 5, 15];

    /// <summary>The rate of forgetting, as a multiple of the main rate.</summary>
    /// <value>The default value is 0.3 to 30: half a decade and more to either side of the released 10, and down to where a setting still
    /// helped.</value>
    public LogRange ForgetRateMultiple { get; init; } = new(0.3, 30);

    /// <summary>The rate of the readout, as a multiple of the main rate.</summary>
    /// <value>The default value is 0.1 to 10: from half the 0.2 of the best setting found on coloured images up to the released 10.</value>
    public LogRange ReadoutRateMultiple { get; init; } = new(0.1, 10);

    /// <summary>
    /// The main learning rate. Where it is varied, so is plain training's: every fifth trial is plain, at a rate that it draws.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: not varied.</value>
    public LogRange? LearningRate { get; init; }

    /// <summary>The main weight decay; as for <see cref="LearningRate"/>.</summary>
    /// <value>The default value is <see langword="null"/>: not varied.</value>
    public LogRange? WeightDecay { get; init; }

    string ITrialSpace.PlainName => "plain training";

    IReadOnlyDictionary<string, string> ITrialSpace.Plain =>
        new Dictionary<string, string> { [nameof(FeatureSieveTrainer.Options.ForgetEvery)] = "0" };

    void ITrialSpace.AddFaults(OptionFaults faults)
    {
        faults.Choices("Space.Stages", Stages, 1);
        if (faults.Given("Space.Depths", Depths)) faults.Choices("Space.Depths", Depths, 0);
        faults.Choices("Space.Widths", Widths, 1);
        if (faults.Given("Space.ForgetEvery", ForgetEvery)) faults.Choices("Space.ForgetEvery", ForgetEvery, 1);
        ForgetRateMultiple.AddFaults(faults, "Space.ForgetRateMultiple");
        ReadoutRateMultiple.AddFaults(faults, "Space.ReadoutRateMultiple");
        LearningRate?.AddFaults(faults, "Space.LearningRate");
        WeightDecay?.AddFaults(faults, "Space.WeightDecay");
    }

    IReadOnlyList<Axis> ITrialSpace.Axes(SearchedNetwork network)
    {
        List<Axis> axes =
        [
            Axis.Stage(network, Stages),
            Axis.Among("Readout.Depth", Depths),
        ];
        if (Widths is not null) axes.Add(Axis.Among("Readout.Width", Widths));
        axes.Add(Axis.Among(nameof(FeatureSieveTrainer.Options.ForgetEvery), ForgetEvery));
        axes.Add(Axis.Multiple(nameof(FeatureSieveTrainer.Options.ForgetLearningRate), ForgetRateMultiple));
        axes.Add(Axis.Multiple(nameof(FeatureSieveTrainer.Options.ReadoutLearningRate), ReadoutRateMultiple));
        return [.. axes, .. Axis.Main(LearningRate, WeightDecay)];
    }
}
