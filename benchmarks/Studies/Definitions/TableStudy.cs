using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// A table, every method with nothing set but the columns, beside ML.NET's logistic regression with nothing set: whether the defaults
/// train.
/// </summary>
internal sealed class TableStudy(StudyOptions options, TableFile table) : MethodStudy(options)
{
    private const double TestFraction = 0.3;
    private const double ValidationFraction = 0.1;

    /// <summary>The folder of tables in the data folder.</summary>
    public const string Folder = "tables";

    public override string Name => $"table-{table.Name}";

    public override string Description => FormattableString.Invariant(
        $"{table.Name}, {table.Rows.Count} rows, of which {TestFraction:P0} are for the test and {ValidationFraction:P0} for validation, ")
            + "drawn by the seed; nothing is set but the columns.";

    protected override string Fingerprint => FormattableString.Invariant($"{Name} rows {Options.Rows ?? 0}");

    protected override IReadOnlyList<Method> Methods =>
    [
        new(
            "logistic-regression",
            new Candidate("", training => training.Ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(training.Data.Train))),
        new("plain", new Candidate("", training => training.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            CancellationToken = training.Cancellation,
        }).Fit(training.Data.Train))),
        new("sieve", new Candidate(
            "", training => training.Ml.MulticlassClassification.Trainers.FeatureSieve(new FeatureSieveTrainer.Options
            {
                CancellationToken = training.Cancellation,
            }).Fit(training.Data.Train))),
        new("jtt", new Candidate("", training => training.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Objective = { Kind = ObjectiveKind.JustTrainTwice },
            CancellationToken = training.Cancellation,
        }).Fit(training.Data.Train))),
        new(
            "debiased",
            new Candidate(
                "", training => training.Ml.MulticlassClassification.Trainers.DebiasedDistillation(new DebiasedDistillationTrainer.Options
                {
                    Teacher = { Model = training.Ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(training.Data.Train) },
                    CancellationToken = training.Cancellation,
                }).Fit(training.Data.Train))),
    ];

    /// <summary>A study of each table in the data folder, in the order of their names.</summary>
    public static IEnumerable<TableStudy> Of(StudyOptions options) =>
        Directory.EnumerateFiles(options.Folder(Folder), "*.csv")
            .Order(StringComparer.Ordinal)
            .Select(path => new TableStudy(options, new TableFile(path)));

    protected override StudyData Load(MLContext ml, int seed)
    {
        int[] order = RandomSources.Shuffled(table.Rows.Count, RandomSources.For(seed, RandomSources.Rows));
        int test = (int)(order.Length * TestFraction), held = test + (int)(order.Length * ValidationFraction);
        int used = Math.Min(Options.Rows ?? (Options.Quick ? 200 : int.MaxValue), order.Length - held);
        IDataView train = View(order[held..(held + used)]);
        ITransformer features = TableFile.Features(ml).Fit(train);
        return StudyData.From(
            ml, [.. table.Rows.Select(row => row.Label).Distinct()], Ready(train), Ready(View(order[test..held])),
            Ready(View(order[..test])));

        IDataView View(int[] numbers) => table.View(ml, numbers.Select(number => table.Rows[number]));

        IDataView Ready(IDataView view) => ml.Data.Cache(features.Transform(view));
    }
}
