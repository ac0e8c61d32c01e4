using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What is more, or less, frequent in a <see cref="ShortcutCluster"/> than in the other rows of its label.</summary>
/// <param name="ColumnName">The column, or for a vector the column and its slot, such as <c>Features.Age</c>.</param>
/// <param name="Value">The value or the word; <see langword="null"/> for a number, of which the mean is told.</param>
/// <param name="Inside">The share of the cluster's rows that have it, in [0, 1]; or the mean of the number in these rows.</param>
/// <param name="Outside">The same of the other rows of the label.</param>
/// <param name="Deviation">The difference in standard errors, if the two were drawn alike: the z of two proportions or means. At least 4,
/// or at most −4 for a number.</param>
[Experimental(ExperimentalId.Shortcuts)]
public sealed record TellingValue(string ColumnName, string? Value, double Inside, double Outside, double Deviation)
{
    /// <summary>Such as <c>Place = sea: 97 %, elsewhere 31 %</c>.</summary>
    public override string ToString() => Value is null
        ? FormattableString.Invariant($"{ColumnName}: {Inside:G4} on average, elsewhere {Outside:G4}")
        : FormattableString.Invariant($"{ColumnName} = {Value}: {100 * Inside:F0} %, elsewhere {100 * Outside:F0} %");
}
