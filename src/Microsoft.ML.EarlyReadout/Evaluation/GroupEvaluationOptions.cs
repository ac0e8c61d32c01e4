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
        List<string> faults = [];
        if (!Enum.IsDefined(Grouping))
            faults.Add($"Grouping is {(int)Grouping}; it must be LabelAndAttribute or AttributeOnly.");
        if (!(Confidence > 0 && Confidence < 1))
            faults.Add(FormattableString.Invariant($"Confidence is {Confidence}; it must be above 0 and below 1."));
        if (CalibrationBins < 1)
            faults.Add(FormattableString.Invariant($"CalibrationBins is {CalibrationBins}; it must be at least 1."));
        if (faults.Count > 0)
            throw new ArgumentException("Invalid GroupEvaluationOptions. " + string.Join(" ", faults));
    }
}
