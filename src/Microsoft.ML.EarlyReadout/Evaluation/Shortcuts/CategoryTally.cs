using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Counts keys and bools.</summary>
internal sealed class CategoryTally(DataViewRow row, DataViewSchema.Column column, int parts) : ValueTally(column)
{
    private readonly CategoryColumn _values = CategoryColumn.Open(row, column);
    private readonly Dictionary<int, long>[] _counts = [.. Enumerable.Range(0, parts).Select(_ => new Dictionary<int, long>())];

    public override void Add(int label, int cluster)
    {
        int id = _values.Read();
        if (id == CategoryColumn.Missing) return;
        CollectionsMarshal.GetValueRefOrAddDefault(_counts[label], id, out _)++;
        if (cluster >= 0) CollectionsMarshal.GetValueRefOrAddDefault(_counts[cluster], id, out _)++;
    }

    public override IEnumerable<TellingValue> Telling(int label, int cluster, long labelRows, long clusterRows) =>
        _counts[cluster].SelectMany(
            entry => Share(_values.NameOf(entry.Key), entry.Value, _counts[label][entry.Key], clusterRows, labelRows));
}
