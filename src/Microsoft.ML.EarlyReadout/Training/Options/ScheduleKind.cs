using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How the learning rates change over the training.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary><see cref="Linear"/> on texts; <see cref="Constant"/> where pretrained weights are given otherwise, as in the papers; else
    /// <see cref="Cosine"/>.</summary>
    Automatic,

    /// <summary>They do not.</summary>
    Constant,

    /// <summary>Multiplied by <see cref="ScheduleOptions.StepFactor"/> every <see cref="ScheduleOptions.StepEpochs"/> epochs.</summary>
    Step,

    /// <summary>Half a cosine from the full rate to 0 at the end of the last epoch.</summary>
    Cosine,

    /// <summary>A straight line from the full rate to 0 at the end of the last epoch.</summary>
    Linear,
}
