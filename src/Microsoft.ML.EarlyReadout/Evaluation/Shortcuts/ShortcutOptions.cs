using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Options of <c>FindShortcuts</c>, in <see cref="EarlyReadoutEvaluationCatalog"/>.</summary>
[Experimental(ExperimentalId.Shortcuts)]
public sealed class ShortcutOptions
{
    /// <summary>The true label.</summary>
    /// <value>The default value is <c>Label</c>.</value>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>The readout whose errors are clustered, one of <see cref="EarlyReadoutTransformer.ReadoutNames"/>.</summary>
    /// <value>The default value is <see langword="null"/>: the model's first.</value>
    public string? ReadoutName { get; set; }

    /// <summary>The least confidence margin at which an error of the readout counts.</summary>
    /// <value>The default value is 0.5. From 0 to 1.</value>
    public double MinMargin { get; set; } = 0.5;

    /// <summary>The most rows that are clustered: those of the highest margins.</summary>
    /// <value>The default value is 10,000. At least 1. Memory grows with it: a number for each channel of the embedding and row.</value>
    public int MaxRows { get; set; } = 10_000;

    /// <summary>Clusters for each pair of label and answer of the readout, where there are rows enough.</summary>
    /// <value>The default value is 2. From 1 to 100.</value>
    public int Clusters { get; set; } = 2;

    /// <summary>The least rows of a cluster; rows of smaller ones are counted, and not shown.</summary>
    /// <value>The default value is 10. At least 1.</value>
    public int MinClusterRows { get; set; } = 10;

    /// <summary>The most columns, values and words that are told of a cluster.</summary>
    /// <value>The default value is 5. From 0 to 100.</value>
    public int TellingValues { get; set; } = 5;

    /// <summary>The columns that clusters are described by: texts, keys, bools, numbers, and vectors of numbers with slot names.</summary>
    /// <value>The default value is <see langword="null"/>: every such column of the data but the label.</value>
    public string[]? ColumnNames { get; set; }

    /// <summary>The seed of the clustering.</summary>
    /// <value>The default value is <see langword="null"/>: that of the <see cref="MLContext"/>, or 0 where it has none.</value>
    public int? Seed { get; set; }

    /// <summary>Stops within one batch, and before and after each clustering. So does the cancellation of the
    /// <see cref="MLContext"/>.</summary>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; set; }

    internal void Validate()
    {
        var faults = new OptionFaults();
        faults.NotEmpty(nameof(LabelColumnName), LabelColumnName);
        faults.InRange(nameof(MinMargin), MinMargin, 0, 1);
        faults.AtLeast(nameof(MaxRows), MaxRows, 1);
        faults.InRange(nameof(Clusters), Clusters, 1, 100);
        faults.AtLeast(nameof(MinClusterRows), MinClusterRows, 1);
        faults.InRange(nameof(TellingValues), TellingValues, 0, 100);
        faults.ThrowIfAny(nameof(ShortcutOptions));
    }
}
