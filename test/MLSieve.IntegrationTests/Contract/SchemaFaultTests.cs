using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// Every column option, given a column of every type: what does not fit is an <see cref="ArgumentOutOfRangeException"/> that names the
/// column, as in ML.NET's own estimators, and the promise, the fit and the transform agree.
/// </summary>
public sealed class SchemaFaultTests
{
    private static readonly string[] Types =
    [
        "Nowhere", "Vector", "Unsized", "Doubles", "Text", "Number", "Flag", "Bare", "Key", "Uncounted", "Keys", "Image",
    ];
    private static readonly string[] Categories = ["Text", "Number", "Flag", "Bare", "Key", "Uncounted"];

    private readonly MLContext _ml = new(seed: 1);

    /// <summary>The column options of a trainer.</summary>
    public enum ColumnOption
    {
        Feature,
        Text,
        SecondText,
        Label,
        Group,
        TeacherScore,
        TeacherFeature,
    }

    public static TheoryData<ContractTrainer, ColumnOption> ColumnOptions => new(
        from trainer in Enum.GetValues<ContractTrainer>()
        from option in Enum.GetValues<ColumnOption>()
        where trainer == ContractTrainer.Distillation || option < ColumnOption.TeacherScore
        select (trainer, option));

    [Theory]
    [MemberData(nameof(ColumnOptions))]
    public void A_column_fits_or_fails_alike_in_the_promise_and_in_the_fit(ContractTrainer trainer, ColumnOption option)
    {
        string[] right = option switch
        {
            ColumnOption.Feature => ["Vector", "Image"],
            ColumnOption.Text or ColumnOption.SecondText => ["Text"],
            ColumnOption.Label => ["Key", "Bare"],
            ColumnOption.Group => Categories,
            _ => ["Vector"],
        };
        IDataView rows = SchemaRow.View(_ml);
        foreach (string column in Types)
        {
            if ((option, column) == (ColumnOption.Group, "Key")) continue; // the label, which the options refuse
            IEstimator<EarlyReadoutTransformer> estimator = Estimator(trainer, option, column);
            if (right.Contains(column))
            {
                estimator.GetOutputSchema(SchemaShapes.Of(rows.Schema));
                using EarlyReadoutTransformer model = estimator.Fit(rows);
                Assert.Equal(24, model.Transform(rows).GetColumn<float[]>("Score").Count());
                continue;
            }
            Names(column, () => estimator.Fit(rows));
            // A shape does not tell how many values a key has.
            if ((option, column) != (ColumnOption.Label, "Uncounted"))
                Names(column, () => estimator.GetOutputSchema(SchemaShapes.Of(rows.Schema)));
        }
    }

    [Fact]
    public void Files_that_were_read_as_bytes_are_told_how_to_be_images_in_the_promise_and_in_the_fit()
    {
        const string told = "The feature column 'Raw' is of type Vector<Byte>; expected Vector<Single> of known size, or an image. If they "
            + "are files, as LoadRawImageBytes reads them, use LoadImages, ResizeImages and ExtractPixels instead.";
        IDataView rows = SchemaRow.View(_ml);
        rows = _ml.Transforms.LoadRawImageBytes("Raw", null, "Text").Fit(rows).Transform(rows);
        IEstimator<EarlyReadoutTransformer> estimator = Estimator(ContractTrainer.Readouts, ColumnOption.Feature, "Raw");
        Assert.Equal(
            told, Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(SchemaShapes.Of(rows.Schema))).Message);
        Assert.Equal(told, Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(rows)).Message);
    }

    [Theory]
    [InlineData(ContractInput.Vector, "Vector")]
    [InlineData(ContractInput.Images, "Image")]
    public void Features_of_another_type_fail_in_the_transform_before_a_row_is_read(ContractInput input, string right)
    {
        IDataView rows = SchemaRow.View(_ml);
        using EarlyReadoutTransformer model = Estimator(ContractTrainer.Readouts, ColumnOption.Feature, right).Fit(rows);
        Assert.Equal(input == ContractInput.Images, model.HasActivationMaps);
        foreach (string column in Types.Where(column => column != right))
        {
            IDataView bad = Renamed(rows, right, column);
            foreach (Action use in new Action[]
            {
                () => model.Transform(bad),
                () => model.GetOutputSchema(bad.Schema),
                () => ((ITransformer)model).GetRowToRowMapper(bad.Schema),
            })
                Names(right, use);
            if (!model.HasActivationMaps) continue;
            IEstimator<ITransformer> maps = _ml.Transforms.ClassActivationMap("Seen", model);
            ITransformer map = maps.Fit(rows);
            foreach (Action use in new Action[]
            {
                () => maps.GetOutputSchema(SchemaShapes.Of(bad.Schema)),
                () => maps.Fit(bad),
                () => map.GetOutputSchema(bad.Schema),
                () => map.Transform(bad),
            })
                Names(right, use);
        }
    }

    [Theory]
    [InlineData("Image", "Image")]
    [InlineData("Map", "Map")]
    public void An_overlay_fails_alike_in_the_promise_and_in_the_fit(string option, params string[] right)
    {
        IDataView rows = SchemaRow.View(_ml);
        foreach (string column in Types.Append("Map").Except(right))
        {
            IEstimator<ITransformer> overlay = option == "Image"
                ? _ml.Transforms.ActivationMapOverlay("Overlay", column, "Map")
                : _ml.Transforms.ActivationMapOverlay("Overlay", "Image", column);
            Names(column, () => overlay.Fit(rows));
            // A shape does not tell the dimensions of a vector.
            if (column is not ("Vector" or "Map")) Names(column, () => overlay.GetOutputSchema(SchemaShapes.Of(rows.Schema)));
        }
        IEstimator<ITransformer> good = _ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map");
        good.GetOutputSchema(SchemaShapes.Of(rows.Schema));
        Names("Map", () => good.Fit(rows).Transform(Renamed(rows, "Map", "Nowhere")));
    }

    [Theory]
    [InlineData("Label", "Nowhere", "Text", "Vector", "Image")]
    [InlineData("R.PredictedLabel", "Nowhere", "Text", "Vector", "Image")]
    [InlineData("R.Margin", "Nowhere")]
    public void Readout_weights_fail_alike_in_the_promise_and_in_the_fit(string option, params string[] wrong)
    {
        IEstimator<ITransformer> weights = _ml.Transforms.ReadoutWeight(readoutName: "R");
        IDataView rows = Renamed(SchemaRow.View(_ml), "Label", "Key");
        weights.GetOutputSchema(SchemaShapes.Of(rows.Schema));
        weights.Fit(rows);
        foreach (string column in wrong)
        {
            IDataView bad = Renamed(rows, option, column);
            Names(option, () => weights.GetOutputSchema(SchemaShapes.Of(bad.Schema)));
            Names(option, () => weights.Fit(bad));
        }
    }

    [Theory]
    [InlineData("label", "Text", "Number", "Flag", "Bare", "Key", "Uncounted")]
    [InlineData("group", "Text", "Number", "Flag", "Bare", "Key", "Uncounted")]
    [InlineData("predicted label", "Text", "Number", "Flag", "Bare", "Key", "Uncounted")]
    [InlineData("score", "Vector")]
    [InlineData("readout's predicted label", "Text", "Number", "Flag", "Bare", "Key", "Uncounted")]
    [InlineData("readout's margin", "Number")]
    public void An_evaluation_names_the_column_that_does_not_fit(string role, params string[] right)
    {
        IDataView rows = SchemaRow.View(_ml);
        MulticlassClassificationCatalog catalog = _ml.MulticlassClassification;
        foreach (string column in Types)
        {
            Action[] uses = role switch
            {
                "label" =>
                [
                    () => catalog.EvaluateByGroup(rows, column == "Flag" ? "Text" : "Flag", column),
                    () => Profile(rows, label: column),
                    () => GroupCounts.From(rows, column, "Flag"),
                ],
                "group" =>
                [
                    () => catalog.EvaluateByGroup(rows, column, "Key"),
                    () => Profile(rows, group: column),
                    () => GroupCounts.From(rows, "Key", column),
                ],
                "predicted label" =>
                [
                    () => catalog.EvaluateByGroup(rows, "Flag", "Key", predictedLabelColumnName: column),
                    () => Profile(rows, predicted: column),
                ],
                "score" => [() => catalog.EvaluateByGroup(rows, "Flag", "Key", column), () => Profile(rows, score: column)],
                "readout's margin" => [() => Profile(Renamed(rows, "R.Margin", column))],
                _ => [() => Profile(Renamed(rows, "R.PredictedLabel", column))],
            };
            foreach (Action use in uses)
            {
                // The label may be its own group where groups are counted, but not where they are evaluated by it.
                if (right.Contains(column))
                {
                    if (!(role == "group" && column == "Key")) use();
                }
                else Names(role.StartsWith("readout", StringComparison.Ordinal)
                    ? $"R.{(role == "readout's margin" ? "Margin" : "PredictedLabel")}"
                    : column, use);
            }
        }

        void Profile(
            IDataView view, string label = "Key", string? group = null, string score = "Score", string predicted = "PredictedLabel") =>
            catalog.ProfileReadouts(view, ["R"], group, label, score, predicted);
    }

    private static void Names(string column, Action use) =>
        Assert.Contains($"'{column}'", Assert.Throws<ArgumentOutOfRangeException>(use).Message, StringComparison.Ordinal);

    /// <summary>The rows with a column replaced by another one; without it where that is nowhere.</summary>
    private IDataView Renamed(IDataView rows, string column, string by) => by == "Nowhere"
        ? _ml.Transforms.DropColumns(column).Fit(rows).Transform(rows)
        : _ml.Transforms.CopyColumns(column, by).Fit(rows).Transform(rows);

    private IEstimator<EarlyReadoutTransformer> Estimator(ContractTrainer trainer, ColumnOption option, string column)
    {
        TrainerOptions options = trainer.Options(ContractInput.Vector);
        (options.FeatureColumnName, options.LabelColumnName, options.Epochs) = ("Vector", "Key", 1);
        TeacherOptions? teacher = (options as DebiasedDistillationTrainer.Options)?.Teacher;
        if (teacher is not null) teacher.ScoreColumnName = "Taught";
        if (option is ColumnOption.Text or ColumnOption.SecondText)
            options.Network = new() { MaxTokens = 8, Encoder = { Layers = 2, Width = 16, Heads = 2 } };
        switch (option)
        {
            case ColumnOption.Feature: options.FeatureColumnName = column; break;
            case ColumnOption.Text: options.TextColumnName = column; break;
            case ColumnOption.SecondText: (options.TextColumnName, options.SecondTextColumnName) = ("Note", column); break;
            case ColumnOption.Label: options.LabelColumnName = column; break;
            case ColumnOption.Group: options.GroupColumnName = column; break;
            case ColumnOption.TeacherScore: // a column cannot be this and another at once
                (options.FeatureColumnName, options.LabelColumnName, teacher!.ScoreColumnName) = ("Taught", "R.PredictedLabel", column);
                break;
            default:
                ((DebiasedDistillationTrainer.Options)options).Method = DistillationMethod.SimKD;
                teacher!.FeatureColumnName = column;
                break;
        }
        return options.Estimator(_ml);
    }
}
