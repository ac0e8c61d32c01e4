using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How many rows each group (label × attributes) has, most often in a training set.</summary>
/// <remarks>
/// Groups are known by the words for their values: a key by its annotated value, a number in the invariant culture. Not thread-safe while
/// being filled.
/// </remarks>
public sealed class GroupCounts
{
    private readonly Dictionary<string[], long> _groups = new(PathComparer.Instance); // by label and attributes
    private readonly Dictionary<string[], long> _overLabels = new(PathComparer.Instance); // by attributes

    /// <summary>Counts the groups of a view in one pass. Rows without a label or a group value are left out.</summary>
    /// <param name="data">The data, most often the training set.</param>
    /// <param name="labelColumnName">The label column: key, text, number or bool.</param>
    /// <param name="groupColumnNames">The attribute columns, in the order in which they will be named in the evaluation.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">No group column is named, or one is named twice.</exception>
    public static GroupCounts From(IDataView data, string labelColumnName, params string[] groupColumnNames)
    {
        ArgumentNullException.ThrowIfNull(data);
        DataViewSchema.Column[] columns =
            [EvaluationColumns.Find(data.Schema, labelColumnName, "label"), .. EvaluationColumns.FindGroups(data.Schema, groupColumnNames)];
        GroupTally tally = new();
        using DataViewRowCursor cursor = data.GetRowCursor(columns);
        CategoryColumn[] values = [.. columns.Select(column => CategoryColumn.Open(cursor, column))];
        var path = new int[values.Length];
        while (cursor.MoveNext())
        {
            for (int i = 0; i < path.Length; i++)
                path[i] = values[i].Read();
            if (!path.Contains(CategoryColumn.Missing))
                tally.Add(path, correct: false);
        }

        GroupCounts counts = new();
        foreach (var group in tally.Groups)
        {
            string[] names = [.. group.Path.Select((id, i) => values[i].NameOf(id))];
            counts.Add(group.Count, names[0], names[1..]);
        }
        return counts;
    }

    /// <summary>Adds rows to a group.</summary>
    /// <param name="count">How many; at least 0.</param>
    /// <param name="label">The label in words.</param>
    /// <param name="attributes">The attributes in words, one for each group column.</param>
    public void Add(long count, string label, params string[] attributes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CollectionsMarshal.GetValueRefOrAddDefault(_groups, [label, .. attributes], out _) += count;
        CollectionsMarshal.GetValueRefOrAddDefault(_overLabels, [.. attributes], out _) += count;
    }

    /// <summary>The rows of a group; 0 for a group that is not there.</summary>
    /// <param name="label">The label in words, or null for the sum over labels.</param>
    /// <param name="attributes">The attributes in words, one for each group column.</param>
    public long CountOf(string? label, params IReadOnlyList<string> attributes) =>
        label is null ? _overLabels.GetValueOrDefault([.. attributes]) : _groups.GetValueOrDefault([label, .. attributes]);

    /// <summary>The groups in one line, such as <c>landbird, land: 3498; landbird, water: 184</c>.</summary>
    public override string ToString() =>
        string.Join("; ", _groups.Select(group => FormattableString.Invariant($"{GroupName.Of(null, group.Key)}: {group.Value}")));

    private sealed class PathComparer : IEqualityComparer<string[]>
    {
        public static readonly PathComparer Instance = new();

        public bool Equals(string[]? a, string[]? b) => a!.AsSpan().SequenceEqual(b);

        public int GetHashCode(string[] path)
        {
            var hash = new HashCode();
            foreach (string name in path) hash.Add(name, StringComparer.Ordinal);
            return hash.ToHashCode();
        }
    }
}
