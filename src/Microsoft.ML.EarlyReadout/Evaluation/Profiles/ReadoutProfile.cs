using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What readouts say about a classifier on labelled rows: how much is decidable early, how sure early errors are, and whether they point to
/// the rows on which the classifier itself fails. Immutable.
/// </summary>
/// <remarks>
/// <para>The signal of a row is "wrong and confident": the readout's confidence margin where it is wrong, else 0. Made by
/// <c>mlContext.MulticlassClassification.ProfileReadouts</c>.</para>
/// <para>A row whose features are no numbers has no margin. It counts as wrong in accuracies, recall and precision, and is left out of
/// margins, signals and the area under the ROC curve: <see cref="RowCount"/> less the rows of a readout's
/// <see cref="ReadoutResult.RightMargins"/> and <see cref="ReadoutResult.WrongMargins"/> says how many there are.</para>
/// </remarks>
public sealed class ReadoutProfile
{
    /// <summary>Rows with a label (and a group, where a group column is named).</summary>
    public required long RowCount { get; init; }

    /// <summary>The classifier's own accuracy on these rows, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>
    /// The group (label and attribute) on which the classifier's accuracy is least; <see langword="null"/> without groups.
    /// </summary>
    public required string? WorstGroup { get; init; }

    /// <summary>The readouts, in the order in which they were named.</summary>
    public required IReadOnlyList<ReadoutResult> Readouts { get; init; }

    /// <summary>The profile as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ResultJson.Form);

    /// <summary>The profile as a table of plain text.</summary>
    public override string ToString() => ReadoutProfileTable.Render(this);
}
