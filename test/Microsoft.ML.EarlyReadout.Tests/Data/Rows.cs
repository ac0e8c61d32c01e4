using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Small data views, and what a training set made of them.</summary>
internal static class Rows
{
    public const long Gigabyte = 1L << 30;

    private static readonly MLContext _ml = new(seed: 1);

    public static MLContext Ml => _ml;

    /// <summary>A view with the columns Features, Label (a key) and Place (text).</summary>
    public static IDataView View(int width, params (float[] Features, string Label, string Place)[] rows) => Keyed(Load(width, rows));

    /// <summary>The same with the label still a text.</summary>
    public static IDataView Load(int width, params (float[] Features, string Label, string Place)[] rows)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        return _ml.Data.LoadFromEnumerable(
            rows.Select(row => new Row { Features = row.Features, Label = row.Label, Place = row.Place }), schema);
    }

    public static IDataView Keyed(IDataView view) => _ml.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);

    /// <summary>The columns Features and Label of validation rows.</summary>
    public static TrainingColumns Held { get; } = new("Features", "Label") { Rows = "the validation rows (ValidationSet)" };

    /// <summary>The columns Features and Label, and another that a method reads besides.</summary>
    public static TrainingColumns With(string column, RowColumnWidth width, string feature = "Features") => new(feature, "Label")
    {
        Others = [new RowColumn("SomeColumnName", column, "further", width) { Advice = "Give another." }],
    };

    public static TrainingSet Read(
        IDataView view, TrainingColumns? columns = null, InputOptions? input = null, long budget = Gigabyte, List<string>? log = null,
            TrainingSet? like = null) =>
        TrainingSet.Read(
            view, columns ?? new("Features", "Label"), input ?? new(), Budget(budget, line => log?.Add(line)), line => log?.Add(line),
            line => log?.Add("Warning: " + line), TestContext.Current.CancellationToken, like);

    public static MemoryBudget Budget(long bytes, Action<string>? log = null) => new(bytes, Path.GetTempPath(), log ?? (_ => { }));

    /// <summary>The features of a set, row after row.</summary>
    public static float[][] Features(TrainingSet set)
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        var rows = new float[set.Count][];
        for (long row = 0; row < set.Count; row++)
            rows[row] = set.Gather([row], CPU).Features.to(ScalarType.Float32).data<float>().ToArray();
        return rows;
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public string? Label { get; set; }

        public string? Place { get; set; }
    }
}
