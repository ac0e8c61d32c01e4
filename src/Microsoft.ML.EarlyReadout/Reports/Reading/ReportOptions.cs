namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Options of
/// <see cref="ReportCatalog.CreateReport(MulticlassClassificationCatalog, IDataView, IReadOnlyList{ReportedModel}, ReportOptions)"/>.
/// </summary>
public sealed class ReportOptions
{
    /// <summary>The page's title.</summary>
    /// <value>The default value is <c>What the models lean on</c>.</value>
    public string Title { get; set; } = "What the models lean on";

    /// <summary>The spurious attribute, a key, text, number or bool column: a group is label and attribute.</summary>
    /// <value>The default value is <see langword="null"/>: the groups are the classes.</value>
    public string? GroupColumnName { get; set; }

    /// <summary>The true label.</summary>
    /// <value>The default value is <c>Label</c>.</value>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>The models' scores.</summary>
    /// <value>The default value is <c>Score</c>.</value>
    public string ScoreColumnName { get; set; } = "Score";

    /// <summary>The models' predicted label.</summary>
    /// <value>The default value is <c>PredictedLabel</c>.</value>
    public string PredictedLabelColumnName { get; set; } = "PredictedLabel";

    /// <summary>Rows shown with their pictures under each heading.</summary>
    /// <value>The default value is 6. From 0 to 100.</value>
    public int Pictures { get; set; } = 6;

    /// <summary>α of the weight exp(β·cm^α) of rows that a readout gets wrong; at least 0.</summary>
    /// <value>The default value is 0.05.</value>
    public double Alpha { get; set; } = 0.05;

    /// <summary>β of the weight; from 0 to 80.</summary>
    /// <value>The default value is 1.</value>
    public double Beta { get; set; } = 1;

    internal void Validate()
    {
        var faults = new OptionFaults();
        faults.NotEmpty(nameof(Title), Title);
        faults.NullOrNotEmpty(nameof(GroupColumnName), GroupColumnName);
        faults.NotEmpty(nameof(LabelColumnName), LabelColumnName);
        if (!string.IsNullOrWhiteSpace(GroupColumnName) && GroupColumnName == LabelColumnName)
            faults.Add($"GroupColumnName is '{GroupColumnName}', the label, which is part of every group already; leave it null.");
        faults.NotEmpty(nameof(ScoreColumnName), ScoreColumnName);
        faults.NotEmpty(nameof(PredictedLabelColumnName), PredictedLabelColumnName);
        faults.InRange(nameof(Pictures), Pictures, 0, 100);
        faults.AtLeast(nameof(Alpha), Alpha, 0);
        faults.InRange(nameof(Beta), Beta, 0, ReadoutWeighting.LargestBeta);
        faults.ThrowIfAny(nameof(ReportOptions));
    }
}
