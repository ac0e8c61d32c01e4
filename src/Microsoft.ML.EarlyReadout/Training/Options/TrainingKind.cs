using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>What is trained, as far as good rates depend on it.</summary>
[Experimental(ExperimentalId.OwnMethod)]
[JsonConverter(typeof(JsonStringEnumConverter<TrainingKind>))]
public enum TrainingKind
{
    /// <summary>A network with fresh weights on vectors.</summary>
    Table,

    /// <summary>A network with fresh weights on images.</summary>
    Images,

    /// <summary>One without batch norm, such as SqueezeNet, which diverges at the rates of others.</summary>
    ImagesWithoutBatchNorm,

    /// <summary>A network with pretrained weights, not on texts.</summary>
    FineTuning,

    /// <summary>A network with fresh weights on texts.</summary>
    Texts,

    /// <summary>A network with pretrained weights on texts.</summary>
    FineTuningTexts,
}
