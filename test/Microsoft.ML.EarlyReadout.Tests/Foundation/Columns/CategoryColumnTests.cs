using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class CategoryColumnTests
{
    private static readonly MLContext _ml = new(seed: 1);

    private const uint Beyond = 7; // of two values, counted from 0 in objects: missing

    private static readonly CategoryRow[] _rows =
        [new CategoryRow("b", 2, 1), new("", float.NaN, Beyond), new("a", 1, 0), new("b", 2, 1), new("", float.NaN, Beyond)];

    [Theory]
    [InlineData("Text", "(missing) a b")]
    [InlineData("Number", "(missing) 1 2")]
    [InlineData("Key", "(missing) one two")]
    [InlineData("Place", "(missing) 0 1")]
    public void A_missing_value_is_a_category_of_its_own_that_comes_first_or_none_at_all(string column, string names)
    {
        (int[] ids, string sorted) = Read(column, keepsMissing: true);
        Assert.Equal([0, 1, 2, 0, 1], ids);
        Assert.Equal(names, sorted);

        (ids, sorted) = Read(column, keepsMissing: false);
        Assert.Equal([0, CategoryColumn.Missing, 1, 0, CategoryColumn.Missing], ids);
        Assert.Equal(names.Replace("(missing) ", "", StringComparison.Ordinal), sorted);
    }

    private static (int[] Ids, string Sorted) Read(string name, bool keepsMissing)
    {
        IDataView view = _ml.Data.LoadFromEnumerable(_rows);
        KeyValuePair<string, string>[] keys = [new("b", "one"), new("a", "two")];
        view = _ml.Transforms.Conversion.MapValue("Key", keys, "Text", treatValuesAsKeyType: true).Fit(view).Transform(view);
        DataViewSchema.Column column = CategoryColumn.Find(view.Schema, name, "group");
        using DataViewRowCursor cursor = view.GetRowCursor([column]);
        var values = CategoryColumn.Open(cursor, column, keepsMissing);
        var ids = new List<int>();
        while (cursor.MoveNext()) ids.Add(values.Read());
        IEnumerable<int> present = ids.Where(id => id != CategoryColumn.Missing).Distinct().Order(Comparer<int>.Create(values.Compare));
        return ([.. ids], string.Join(' ', present.Select(values.NameOf)));
    }

    private sealed class CategoryRow(string text, float number, uint place)
    {
        public string Text { get; } = text;

        public float Number { get; } = number;

        [KeyType(2)]
        public uint Place { get; } = place;
    }
}
