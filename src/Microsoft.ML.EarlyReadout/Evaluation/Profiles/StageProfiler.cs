using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Fits a logistic regression a stage and column to some rows, and counts what it tells of others.</summary>
internal sealed class StageProfiler(EarlyReadoutTransformer model, IReadOnlyList<string> columns, Cancellation cancellation)
{
    private const double Confidence = 0.95;

    private readonly MLContext _ml = new(seed: 0); // decoders draw from nobody's seed

    /// <exception cref="InvalidOperationException">A column has fewer than two values in the training rows, or none in the test
    /// rows.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public StageProfile Profile(IDataView trainData, IDataView testData)
    {
        using var session = new StageSession(model.Graph, model.Graph.Stages, model.Columns, model.Session.Device, cancellation);
        Rows train = Read(session, trainData), test = Read(session, testData);
        return new StageProfile(
        [
            .. columns.SelectMany((column, c) => model.Graph.Stages.Select((stage, s) => Decode(train, test, column, c, stage.Name, s))),
        ]);
    }

    private StageResult Decode(Rows train, Rows test, string column, int c, string stageName, int stage)
    {
        cancellation.ThrowIfRequested();
        string[] values = [.. train.Values[c].OfType<string>().Distinct()];
        if (values.Length < 2)
        {
            throw new InvalidOperationException($"The column '{column}' has {values.Length} values in the training rows; a decoder "
                + "tells two or more apart.");
        }

        Dictionary<string, uint> keys = values.Index().ToDictionary(entry => entry.Item, entry => (uint)entry.Index);
        Example[] fitted = ExamplesOf(train), asked = ExamplesOf(test);
        if (asked.Length == 0) throw new InvalidOperationException($"No test row has a value in column '{column}'.");
        IEstimator<ITransformer> decoder = _ml.Transforms.NormalizeMeanVariance(nameof(Example.Features))
            .Append(_ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
                new LbfgsMaximumEntropyMulticlassTrainer.Options { NumberOfThreads = 1 }));
        ITransformer fit = decoder.Fit(View(fitted));
        int correct = fit.Transform(View(asked)).GetColumn<uint>(DefaultColumns.PredictedLabel)
            .Zip(asked, (told, example) => told == example.Label + 1).Count(right => right);
        double count = asked.Length;
        uint frequent = fitted.CountBy(example => example.Label).MaxBy(entry => entry.Value).Key;
        return new StageResult(
            stage, stageName, column, asked.Length, correct / count, BinomialInterval.Of(correct, asked.Length, Confidence),
            asked.Count(example => example.Label == frequent) / count);

        // A value that the training rows do not have is beyond the keys, and so missing: no decoder tells it.
        Example[] ExamplesOf(Rows rows) =>
        [
            .. rows.Values[c].Zip(rows.Stages).Where(row => row.First is not null)
                .Select(row => new Example { Label = keys.GetValueOrDefault(row.First!, (uint)keys.Count), Features = row.Second[stage] }),
        ];

        IDataView View(Example[] examples)
        {
            SchemaDefinition schema = SchemaDefinition.Create(typeof(Example));
            schema[nameof(Example.Label)].ColumnType = new KeyDataViewType(typeof(uint), values.Length);
            schema[nameof(Example.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, fitted[0].Features.Length);
            return _ml.Data.LoadFromEnumerable(examples, schema);
        }
    }

    private Rows Read(StageSession session, IDataView view)
    {
        DataViewSchema.Column[] named = [.. columns.Select(column => CategoryColumn.Find(view.Schema, column, "decoded"))];
        IReadOnlyList<DataViewSchema.Column> read = model.Columns.ReadIn(view.Schema);
        using var cursor = new FaultNamingCursor(view, named.Concat(read).DistinctBy(column => column.Index), read[0]);
        CategoryColumn[] categories = [.. named.Select(column => CategoryColumn.Open(cursor, column))];
        List<string?>[] values = [.. named.Select(_ => new List<string?>())];
        IReadOnlyList<float[][]> stages = session.Read(cursor, model.Session.BatchRows, () =>
        {
            foreach ((int i, CategoryColumn category) in categories.Index())
                values[i].Add(category.Read() is var id and not CategoryColumn.Missing ? category.NameOf(id) : null);
        });
        return new Rows(values, stages);
    }

    /// <summary>Rows as decoders see them.</summary>
    /// <param name="Values">By column and row; <see langword="null"/> where it is missing.</param>
    /// <param name="Stages">By row and stage.</param>
    private sealed record Rows(IReadOnlyList<string?>[] Values, IReadOnlyList<float[][]> Stages);

    private sealed class Example
    {
        /// <summary>From 0: LoadFromEnumerable makes a key of it that counts from 1.</summary>
        public uint Label { get; init; }

        public float[] Features { get; init; } = [];
    }
}
