using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How the values of one column are distributed over parts of the rows: labels, and the clusters within them.</summary>
/// <param name="column">The column.</param>
internal abstract class ValueTally(DataViewSchema.Column column)
{
    // A value or word that differs by less than chance does easily, when thousands are looked at, is not told.
    private const double LeastDeviation = 4;

    /// <summary>The column's name.</summary>
    protected string Name => column.Name;

    /// <summary>Whether such a column can be described by its values.</summary>
    public static bool Holds(DataViewSchema.Column column) =>
        column.Type is TextDataViewType or KeyDataViewType or BooleanDataViewType or NumberDataViewType
        || (column.Type is VectorDataViewType { IsKnownSize: true } vector && vector.ItemType == NumberDataViewType.Single
            && ColumnAnnotation.Names(column, ColumnAnnotation.SlotNames) is not null);

    /// <summary>Starts to count.</summary>
    /// <param name="row">The cursor, in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="parts">How many parts there are.</param>
    public static ValueTally Open(DataViewRow row, DataViewSchema.Column column, int parts) => column.Type switch
    {
        TextDataViewType => new WordTally(row, column, parts),
        KeyDataViewType or BooleanDataViewType => new CategoryTally(row, column, parts),
        _ => new NumberTally(row, column, parts),
    };

    /// <summary>Counts the current row.</summary>
    /// <param name="label">The part of its label.</param>
    /// <param name="cluster">The part of its cluster, which is within that of the label; negative where it is in none.</param>
    public abstract void Add(int label, int cluster);

    /// <summary>What tells a cluster from the other rows of its label.</summary>
    /// <param name="label">The part of the label.</param>
    /// <param name="cluster">The part of the cluster.</param>
    /// <param name="labelRows">Rows of the label.</param>
    /// <param name="clusterRows">Rows of the cluster.</param>
    public abstract IEnumerable<TellingValue> Telling(int label, int cluster, long labelRows, long clusterRows);

    /// <summary>Compares the cluster's values with the others, given sums over the cluster and over the whole label.</summary>
    /// <returns>The means and their difference in standard errors by the common variance, which for shares is the z of two proportions;
    /// <see langword="null"/> where the difference is small, or one side has no rows.</returns>
    protected static (double Inside, double Outside, double Deviation)? Compare(in Moments cluster, in Moments label)
    {
        double inside = cluster.Count, outside = label.Count - inside;
        if (inside == 0 || outside <= 0) return null;
        double mean = label.Sum / label.Count, variance = label.Squares / label.Count - mean * mean;
        double here = cluster.Sum / inside, there = (label.Sum - cluster.Sum) / outside;
        double deviation = (here - there) / Math.Sqrt(variance * (1 / inside + 1 / outside));
        return Math.Abs(deviation) >= LeastDeviation && double.IsFinite(deviation) ? (here, there, deviation) : null;
    }

    /// <summary>A value that some rows have, as it differs between the cluster and the other rows.</summary>
    /// <param name="value">The value.</param>
    /// <param name="cluster">Rows of the cluster that have it.</param>
    /// <param name="label">Rows of the label that have it.</param>
    /// <param name="clusterRows">Rows of the cluster.</param>
    /// <param name="labelRows">Rows of the label.</param>
    protected IEnumerable<TellingValue> Share(string value, long cluster, long label, long clusterRows, long labelRows)
    {
        const int fewest = 5; // fewer rows have no share to speak of
        if (cluster >= fewest
            && Compare(new(clusterRows, cluster, cluster), new(labelRows, label, label)) is { Deviation: > 0 } found)
            yield return new TellingValue(Name, value, found.Inside, found.Outside, found.Deviation);
    }

    /// <summary>Sums over numbers.</summary>
    /// <param name="Count">How many.</param>
    /// <param name="Sum">Their sum.</param>
    /// <param name="Squares">The sum of their squares.</param>
    protected readonly record struct Moments(long Count, double Sum, double Squares)
    {
        /// <summary>With one number more.</summary>
        public Moments With(double number) => new(Count + 1, Sum + number, Squares + number * number);
    }
}
