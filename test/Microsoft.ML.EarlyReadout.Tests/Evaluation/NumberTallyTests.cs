using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class NumberTallyTests
{
    private const int Rows = 200, InCluster = 40;

    [Theory]
    [InlineData(1.7e12)] // milliseconds since 1970
    [InlineData(-3e9)]
    public void Large_numbers_tell_as_much_as_their_differences(double origin)
    {
        TellingValue small = Telling(0), large = Telling(origin);
        Assert.Equal(small.Deviation, large.Deviation, 1e-9);
        Assert.Equal(5.5, large.Inside - origin, 1e-3);
        Assert.Equal(0.5, large.Outside - origin, 1e-3);
    }

    private static TellingValue Telling(double origin)
    {
        var ml = new MLContext(seed: 1);
        IDataView view = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, Rows).Select(i => new Row { Time = origin + (i % 2) + (i < InCluster ? 5 : 0) }));
        DataViewSchema.Column column = view.Schema[nameof(Row.Time)];
        using DataViewRowCursor cursor = view.GetRowCursor([column]);
        var tally = ValueTally.Open(cursor, column, parts: 2);
        for (int i = 0; cursor.MoveNext(); i++) tally.Add(0, i < InCluster ? 1 : -1);
        return Assert.Single(tally.Telling(0, 1, Rows, InCluster));
    }

    private sealed class Row
    {
        public double Time { get; init; }
    }
}
