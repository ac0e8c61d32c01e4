using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What plain training minimises.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ObjectiveKind>))]
public enum ObjectiveKind
{
    /// <summary>Empirical risk: every row alike (ERM).</summary>
    EmpiricalRisk,

    /// <summary>Every class alike, whatever its number of rows.</summary>
    ClassBalanced,

    /// <summary>
    /// Group distributionally robust optimisation (Sagawa et al., ICLR 2020): the groups with the highest loss count most. Needs the groups
    /// of the training rows.
    /// </summary>
    GroupDro,

    /// <summary>
    /// Just Train Twice (Liu et al., ICML 2021): a first network, trained for a few epochs, finds the rows that it gets wrong; the second,
    /// trained from the start, counts them <see cref="JustTrainTwiceOptions.UpWeight"/> times.
    /// </summary>
    JustTrainTwice,

    /// <summary>
    /// Deep feature reweighting (Kirichenko et al., ICLR 2023): plain training, then the last linear layer is fitted anew, by sparse
    /// logistic regression on rows of which every group has equally many. Needs the groups of those rows.
    /// </summary>
    DeepFeatureReweighting,

    /// <summary>
    /// Automatic feature reweighting (Qiu et al., ICML 2023): plain training on a part of the training rows, then the last linear layer is
    /// trained on with the others, where those count more that the network is not sure of. Needs no groups.
    /// </summary>
    AutomaticFeatureReweighting,
}
