namespace Microsoft.ML.EarlyReadout;

/// <summary>Writes integer arithmetic into a graph: int32 values (N, L), and the bounds of slices.</summary>
/// <param name="graph">The graph.</param>
internal sealed class TokenNodes(OnnxGraph graph)
{
    private readonly Dictionary<int, string> _numbers = [];
    private readonly Dictionary<long, string> _bounds = [];

    /// <summary>The graph, for what is not arithmetic.</summary>
    public OnnxGraph Graph => graph;

    /// <summary>A number, int32.</summary>
    public string Number(int value) => Once(_numbers, value, () => graph.Int32Constant("number", [value]));

    /// <summary>A bound, an axis or a size: int64, (1).</summary>
    public string Bound(long value) => Once(_bounds, value, () => graph.Constant("bound", [value], 1));

    public string Add(string a, string b) => graph.Node("Add", [a, b]);

    public string Subtract(string a, string b) => graph.Node("Sub", [a, b]);

    public string Multiply(string a, string b) => graph.Node("Mul", [a, b]);

    public string Least(string a, string b) => graph.Node("Min", [a, b]);

    public string Most(string a, string b) => graph.Node("Max", [a, b]);

    public string Equal(string a, string b) => graph.Node("Equal", [a, b]);

    public string Greater(string a, string b) => graph.Node("Greater", [a, b]);

    public string And(string a, string b) => graph.Node("And", [a, b]);

    public string Or(string a, string b) => graph.Node("Or", [a, b]);

    public string Not(string a) => graph.Node("Not", [a]);

    /// <summary>The second where the condition holds, else the third.</summary>
    public string Where(string condition, string then, string otherwise) => graph.Node("Where", [condition, then, otherwise]);

    /// <summary>Quotient and remainder of numbers that are not negative.</summary>
    public (string Quotient, string Remainder) Divide(string a, int by)
    {
        string quotient = graph.Node("Div", [a, Number(by)]);
        return (quotient, Subtract(a, Multiply(quotient, Number(by))));
    }

    public string Int32(string value) => graph.Node("Cast", [value], ("to", ElementType.Int32));

    public string Int64(string value) => graph.Node("Cast", [value], ("to", ElementType.Int64));

    public string Boolean(string value) => graph.Node("Cast", [value], ("to", ElementType.Boolean));

    /// <summary>The columns from one bound, up to and without another.</summary>
    public string Columns(string value, string from, string to) => graph.Node("Slice", [value, from, to, Bound(1)]);

    /// <summary>The upper and the lower half of a value's rows.</summary>
    public (string Upper, string Lower) Halves(string value)
    {
        IReadOnlyList<string> halves = graph.Node("Split", [value], 2, ("axis", 0));
        return (halves[0], halves[1]);
    }

    /// <summary>A value's rows, (1) int64.</summary>
    public string RowsOf(string value) => graph.Node("Shape", [value], ("start", 0), ("end", 1));

    /// <summary>A value's columns, (1) int64.</summary>
    public string ColumnsOf(string value) => graph.Node("Shape", [value], ("start", 1), ("end", 2));

    /// <summary>A matrix of one number, int32.</summary>
    /// <param name="value">The number.</param>
    /// <param name="rows">(1) int64.</param>
    /// <param name="columns">(1) int64.</param>
    public string Filled(string value, string rows, string columns) =>
        graph.Node("Expand", [value, graph.Node("Concat", [rows, columns], ("axis", 0))]);

    public string Beside(string left, string right) => graph.Node("Concat", [left, right], ("axis", 1));

    /// <summary>0, 1, … in a row, int32 (1, columns).</summary>
    /// <param name="columns">A single number, int32.</param>
    public string Counting(string columns) =>
        graph.Node("Unsqueeze", [graph.Node("Range", [Number(0), columns, Number(1)]), Bound(0)]);

    /// <summary>The sums of each row's numbers so far.</summary>
    public string RunningSum(string value) => graph.Node("CumSum", [value, Bound(1)]);

    /// <summary>The sum of each row, (N, 1).</summary>
    public string RowSum(string value) => graph.Node("ReduceSum", [value, Bound(1)], ("keepdims", 1));

    /// <summary>The most of all numbers, a single one.</summary>
    public string Highest(string value) => graph.Node("ReduceMax", [value], ("keepdims", 0));

    /// <summary>The table's numbers at each index.</summary>
    public string Look(string table, string indices) => graph.Node("Gather", [table, indices]);

    /// <summary>In each row, the numbers at the row's indices.</summary>
    public string Take(string rows, string indices) => graph.Node("GatherElements", [rows, indices], ("axis", 1));

    /// <summary>In each row, numbers put at the row's indices.</summary>
    public string Put(string rows, string indices, string numbers) => graph.Node("ScatterElements", [rows, indices, numbers], ("axis", 1));

    /// <summary>In each row, numbers added at the row's indices.</summary>
    public string AddAt(string rows, string indices, string numbers) =>
        graph.Node("ScatterElements", [rows, indices, numbers], ("axis", 1), ("reduction", "add"));

    private static string Once<T>(Dictionary<T, string> known, T value, Func<string> make)
        where T : notnull
    {
        if (!known.TryGetValue(value, out string? name)) known[value] = name = make();
        return name;
    }
}
