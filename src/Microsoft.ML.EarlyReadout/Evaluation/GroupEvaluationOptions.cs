namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Options of <c>EvaluateByGroup</c>, in <see cref="EarlyReadoutEvaluationCatalog"/>.
/// </summary>
public sealed class GroupEvaluationOptions
{
    /// <summary>What makes a group.</summary>
    /// <value>The default value is <see cref="Grouping.LabelAndAttribute"/>.</value>
    public Grouping Grouping { get; set; } = Grouping.LabelAndAttribute;

    /// <summary>How many training rows each group has; <see cref="GroupMetrics.AdjustedAccuracy"/> needs them.</summary>
    /// <value>The default value is null: no adjusted accuracy.</value>
    public GroupCounts? TrainingCounts { get; set; }

    /// <summary>The confidence level of the intervals, in (0, 1).</summary>
    /// <value>The default value is 0.95.</value>
    public double Confidence { get; set; } = 0.95;

    /// <summary>Bins of equal width over [0, 1] for the expected calibration error; at least 1.</summary>
    /// <value>The default value is 15.</value>
    public int CalibrationBins { get; set; } = 15;

    internal void Validate()
    {
        var faults = new OptionFaults();
        faults.Defined(nameof(Grouping), Grouping);
        faults.InOpenRange(nameof(Confidence), Confidence, 0, 1);
        faults.AtLeast(nameof(CalibrationBins), CalibrationBins, 1);
        faults.ThrowIfAny(nameof(GroupEvaluationOptions));
    }
}
