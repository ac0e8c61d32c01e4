using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>The unit of a <see cref="Meter"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MeterUnit>))]
public enum MeterUnit
{
    /// <summary>Nats: a cross-entropy or a divergence.</summary>
    Nats,

    /// <summary>A share of the rows in [0, 1]; reports show it in %.</summary>
    Share,

    /// <summary>A number without a unit, such as a weight or a squared distance.</summary>
    Number,
}
