using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>What people do by mistake: each is an error that says what is wrong and what to do, or it works.</summary>
public sealed class BadInputTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void An_empty_view() => Says("no rows", View([]), Options());

    [Fact]
    public void One_row() => Says("one class", View(BiasedRow.Draw(400), rows => rows.Take(1)), Options());

    [Fact]
    public void One_class() => Says("one class", View(BiasedRow.Draw(400), rows => rows.Where(row => row.Number == 0)), Options());

    [Fact]
    public void A_class_with_one_row_trains_and_is_kept_in_training()
    {
        IDataView rows = View([.. BiasedRow.Draw(100).Where(row => row.Number < 30), BiasedRow.Draw(100).First(row => row.Number == 30)]);
        FeatureSieveTrainer.Options options = Options();
        options.ValidationFraction = 0.2;
        using EarlyReadoutTransformer model = _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(rows);
        Assert.Equal(4, model.ClassCount);
    }

    [Fact]
    public void A_label_that_is_no_key()
    {
        FeatureSieveTrainer.Options options = Options();
        options.LabelColumnName = nameof(BiasedRow.Class);
        Says("MapValueToKey", BiasedRow.View(_ml), options);
    }

    [Fact]
    public void Features_of_a_wrong_type()
    {
        FeatureSieveTrainer.Options options = Options();
        options.FeatureColumnName = nameof(BiasedRow.Cue);
        Says("Vector<Single>", BiasedRow.View(_ml), options);
    }

    [Theory]
    [InlineData("Features")]
    [InlineData("Label")]
    [InlineData("Group")]
    public void A_missing_column(string role)
    {
        FeatureSieveTrainer.Options options = Options();
        if (role == "Features") options.FeatureColumnName = "Nowhere";
        if (role == "Label") options.LabelColumnName = "Nowhere";
        if (role == "Group") options.GroupColumnName = "Nowhere";
        Says("'Nowhere'", BiasedRow.View(_ml), options);
    }

    [Theory]
    [InlineData(NetworkKind.ConvNet, 3)]
    [InlineData(NetworkKind.SqueezeNet11, 12)]
    public void An_image_smaller_than_the_network_needs(NetworkKind kind, int side)
    {
        FeatureSieveTrainer.Options options = Options();
        options.Network.Kind = kind;
        options.Network.Input = new InputOptions { Channels = 3, Height = side, Width = side };
        BiasedRow[] rows = BiasedRow.Draw(20);
        foreach (BiasedRow row in rows) row.Features = new float[3 * side * side];
        var sized = SchemaDefinition.Create(typeof(BiasedRow));
        sized[nameof(BiasedRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3 * side * side);
        IDataView view = _ml.Data.LoadFromEnumerable(rows, sized);
        Says($"these are {side}×{side}", _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view), options);
    }

    [Fact]
    public void An_option_for_images_and_features_that_are_none()
    {
        FeatureSieveTrainer.Options range = Options(), order = Options();
        range.Network.Input.ValueRange = ValueRange.ZeroTo255;
        Says(
            "Network.Input.ValueRange is ZeroTo255, which is for images; the features are vectors of 4 numbers. Give Height and Width if "
                + "they are images, else Mean and Scale.",
            BiasedRow.View(_ml), range);
        order.Network.Input.ChannelOrder = ChannelOrder.Bgr;
        Says(
            "Network.Input.ChannelOrder is Bgr, which is for images; the features are vectors of 4 numbers. Give Height and Width if they "
                + "are images, else Mean and Scale.",
            BiasedRow.View(_ml), order);
    }

    [Theory]
    [InlineData("Height")]
    [InlineData("Width")]
    public void One_side_alone_of_images_without_a_size(string side)
    {
        using var folder = new ImageFolder(4);
        FeatureSieveTrainer.Options options = Options();
        options.FeatureColumnName = "Image";
        options.Network.Input = side == "Height" ? new InputOptions { Height = 64 } : new InputOptions { Width = 64 };
        Says(
            "The images of column 'Image' are of no known size: to give one, set the input options Height and Width, not only "
                + $"{side} 64.",
            folder.Images(), options);
    }

    [Fact]
    public void A_stage_that_the_network_does_not_have()
    {
        FeatureSieveTrainer.Options options = Options();
        options.Readout.Stage = 3;
        Says("has 2 stages", BiasedRow.View(_ml), options);
    }

    [Fact]
    public void Two_output_columns_of_one_name()
    {
        FeatureSieveTrainer.Options options = Options();
        options.PredictedLabelColumnName = options.ScoreColumnName;
        Says("ScoreColumnName and PredictedLabelColumnName are both 'Score'", BiasedRow.View(_ml), options);
    }

    [Fact]
    public void A_truncated_weights_file()
    {
        string path = Path.Combine(Path.GetTempPath(), $"truncated-{Guid.NewGuid():N}.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(Golden.Path("feature_sieve_mlp.safetensors"))[..20000]);
        try
        {
            FeatureSieveTrainer.Options options = Options();
            options.Network.WeightsPath = path;
            Says(path, BiasedRow.View(_ml), options);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_validation_set_with_a_class_that_training_does_not_know()
    {
        FeatureSieveTrainer.Options options = Options();
        IDataView train = View(BiasedRow.Draw(400).Where(row => row.Number < 30));
        options.ValidationSet = BiasedRow.View(_ml);
        Says("quarter 3", train, options);
    }

    [Fact]
    public void A_validation_set_that_the_pipeline_has_not_transformed()
    {
        const string advice = "Transform them by the same fitted pipeline as the training rows.";
        IDataView train = BiasedRow.View(_ml), raw = _ml.Data.LoadFromEnumerable(BiasedRow.Draw(20));
        IDataView named = _ml.Transforms.CopyColumns("Numbers", "Features").Fit(train).Transform(train);
        string lacking = Fault(named, train, options => options.FeatureColumnName = "Numbers");
        Assert.StartsWith(
            "The feature column 'Numbers' is not in the validation rows (ValidationSet), which have ", lacking, StringComparison.Ordinal);
        Assert.EndsWith(
            $". {advice} If it held images: ML.NET's Cache, AppendCacheCheckpoint and ShuffleRows drop columns of images: use them before "
                + "LoadImages or after ExtractPixels.",
            lacking, StringComparison.Ordinal);
        string text = Fault(train, _ml.Transforms.CopyColumns("Label", "Class").Fit(raw).Transform(raw));
        Assert.Equal($"The label column 'Label' of the validation rows (ValidationSet) is of type String; expected a key. {advice}", text);
        string flat = Fault(train, _ml.Transforms.CopyColumns("Features", "Cue").Fit(train).Transform(train));
        Assert.StartsWith(
            "The feature column 'Features' of the validation rows (ValidationSet) is of type String; expected ", flat,
            StringComparison.Ordinal);
        Assert.EndsWith($". {advice}", flat, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_column_that_the_validation_set_lacks()
    {
        IDataView train = BiasedRow.View(_ml), bare = _ml.Transforms.DropColumns("Cue").Fit(train).Transform(train);
        foreach ((IDataView rows, string column, string advice) in new[]
        {
            (train, "Cue", "Transform them by the same fitted pipeline as the training rows."),
            (bare, "Cue", "GroupColumnName names it. Add the column, or correct the name."),
            (train, "Kue", "GroupColumnName names it. Add the column, or correct the name."),
        })
        {
            FeatureSieveTrainer.Options options = Options();
            options.GroupColumnName = column;
            string message = Assert.Throws<ArgumentOutOfRangeException>(
                () => _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(rows, bare)).Message;
            Assert.StartsWith(
                $"The group column '{column}' is not in the validation rows (ValidationSet), which have ", message,
                StringComparison.Ordinal);
            Assert.EndsWith($". {advice}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_validation_set_without_rows_or_with_a_feature_that_is_not_a_number()
    {
        IDataView train = BiasedRow.View(_ml);
        Assert.Equal("In the validation rows (ValidationSet): The view has no rows.", Fault(train, _ml.Data.SkipRows(train, 400)));
        BiasedRow[] rows = BiasedRow.Draw(100);
        rows[17].Features[2] = float.NaN;
        Assert.Equal(
            "In the validation rows (ValidationSet): Column 'Features', row 17 (counted from 0 in the data view) has the value NaN in slot "
                + "2; expected a finite number. Add ReplaceMissingValues, or drop such rows.",
            Fault(train, BiasedRow.View(_ml, rows)));
    }

    [Fact]
    public void A_feature_that_is_not_a_number()
    {
        BiasedRow[] rows = BiasedRow.Draw(50);
        rows[17].Features[2] = float.NaN;
        Says("row 17", View(rows), Options());
    }

    [Fact]
    public void A_missing_number_of_a_table_is_named_by_its_column()
    {
        IDataView table = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new PersonRow
        {
            Class = i % 2 == 0 ? "a" : "b",
            Height = i,
            Age = i == 7 ? float.NaN : i,
        }));
        IEstimator<ITransformer> pipeline = _ml.Transforms.Conversion.MapValueToKey("Label", nameof(PersonRow.Class))
            .Append(_ml.Transforms.Concatenate("Features", nameof(PersonRow.Height), nameof(PersonRow.Age)));
        Says(
            "row 7 (counted from 0 in the data view) has the value NaN in slot 1, 'Age'; expected a finite number. Add "
                + "ReplaceMissingValues",
            pipeline.Fit(table).Transform(table), Options());
    }

    [Fact]
    public void A_device_that_is_not_there()
    {
        FeatureSieveTrainer.Options options = Options();
        options.Device = "cuda:63";
        Says("cuda:63", BiasedRow.View(_ml), options);
    }

    [Fact]
    public void A_path_that_cannot_be_written_loses_nothing()
    {
        using EarlyReadoutTransformer model = _ml.MulticlassClassification.Trainers.FeatureSieve(Options()).Fit(BiasedRow.View(_ml));
        string folder = Directory.CreateTempSubdirectory("unwritable").FullName;
        try
        {
            // A folder of that name: cannot be written even by root, whom permissions do not stop.
            string path = Path.Combine(folder, "model.onnx");
            Directory.CreateDirectory(path);
            Exception error = Assert.ThrowsAny<IOException>(() => model.SaveAsOnnx(path));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Equal([path], Directory.GetFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FeatureSieveTrainer.Options Options() => TrainerTests.Options(epochs: 1);

    private IDataView View(IEnumerable<BiasedRow> rows, Func<IEnumerable<BiasedRow>, IEnumerable<BiasedRow>>? kept = null)
    {
        // Keys are learnt from all rows, so that rows that are dropped afterwards leave classes without rows.
        IDataView all = _ml.Data.LoadFromEnumerable(rows.Any() ? rows : BiasedRow.Draw(10));
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("Label", nameof(BiasedRow.Class)).Fit(all);
        return keys.Transform(_ml.Data.LoadFromEnumerable(kept is null ? rows : kept(rows)));
    }

    /// <summary>What is said of validation rows, whichever way they are given.</summary>
    private string Fault(IDataView train, IDataView held, Action<FeatureSieveTrainer.Options>? set = null)
    {
        FeatureSieveTrainer.Options options = Options();
        set?.Invoke(options);
        string told = Message(() => _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train, held));
        var search = new SieveSearchOptions { Trainer = { FeatureColumnName = options.FeatureColumnName } };
        Assert.Equal(told, Message(() => _ml.MulticlassClassification.SearchFeatureSieve(search).Run(train, held)));
        options.ValidationSet = held;
        Assert.Equal(told, Message(() => _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(train)));
        return told;

        static string Message(Action fit)
        {
            Exception fault = Assert.ThrowsAny<Exception>(fit);
            Assert.True(fault is ArgumentException or InvalidDataException, fault.ToString());
            return fault.Message;
        }
    }

    private void Says(string expected, IDataView rows, FeatureSieveTrainer.Options options)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(rows));
        Assert.True(error is ArgumentException or InvalidDataException, error.ToString());
        Assert.Contains(expected, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    private sealed class PersonRow
    {
        public string Class { get; set; } = "";

        public float Height { get; set; }

        public float Age { get; set; }
    }
}
