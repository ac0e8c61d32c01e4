using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The rows that a readout gets confidently wrong, and what the network makes of all rows.</summary>
/// <param name="Rows">The suspects of the highest margins, in the order of the view.</param>
/// <param name="Count">All suspects.</param>
/// <param name="Labels">By label: the rows, and those that the network gets wrong.</param>
/// <param name="Classes">The classes.</param>
internal sealed record SuspectRows(
    IReadOnlyList<SuspectRow> Rows, long Count, IReadOnlyDictionary<int, LabelCount> Labels, ClassList Classes)
{
    /// <summary>Reads a scored view once.</summary>
    public static SuspectRows Read(IDataView scored, ShortcutColumns columns, ShortcutOptions options, Cancellation cancellation)
    {
        ClassList classes = ClassList.Of(columns.Score, columns.Predicted, columns.Label);
        DataViewSchema.Column[] needed = [columns.Label, columns.Predicted, columns.Readout.Predicted, columns.Readout.Margin];
        using var cursor = new FaultNamingCursor(scored, needed.DistinctBy(each => each.Index));
        Func<int> label = classes.Reader(cursor, columns.Label), predicted = classes.Reader(cursor, columns.Predicted),
            read = classes.Reader(cursor, columns.Readout.Predicted);
        ValueGetter<float> margin = cursor.GetGetter<float>(columns.Readout.Margin);
        // The least is first, the later of equals before the earlier: what is dropped does not depend on the queue's inner order.
        var kept = new PriorityQueue<SuspectRow, (float Margin, long Order)>();
        Dictionary<int, LabelCount> labels = [];
        long count = 0;
        for (long index = 0; cursor.MoveNext(); index++)
        {
            cancellation.ThrowIfRequested();
            int truth = label();
            if (truth == CategoryColumn.Missing) continue;
            bool isError = predicted() != truth;
            if (!labels.TryGetValue(truth, out LabelCount? ofLabel)) labels.Add(truth, ofLabel = new LabelCount());
            ofLabel.Rows++;
            if (isError) ofLabel.Errors++;
            int answer = read();
            float confidence = 0;
            margin(ref confidence);
            if (answer == truth || answer == CategoryColumn.Missing || !(confidence >= options.MinMargin)) continue;
            count++;
            kept.Enqueue(new SuspectRow(index, truth, answer, confidence, isError), (confidence, -index));
            if (kept.Count > options.MaxRows) kept.Dequeue();
        }

        return new SuspectRows([.. kept.UnorderedItems.Select(item => item.Element).OrderBy(row => row.Index)], count, labels, classes);
    }
}
