using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;

namespace MLSieve.Tests;

/// <summary>Models that stock ML.NET has saved and loaded, alone and among other transforms, are whole again.</summary>
public sealed class LoadedModelTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("loaded").FullName;
    private readonly ImageFolder _images = new(12);

    /// <summary>A kind of model: the stock parts that it is saved as differ.</summary>
    public enum Kind
    {
        /// <summary>Features in, the outputs of stock trainers out.</summary>
        Plain,

        /// <summary>With output columns of other names.</summary>
        OwnNames,

        /// <summary>With output columns of other names, and features in a column of the name that they then leave free.</summary>
        FeaturesInScore,

        /// <summary>Over images of any size.</summary>
        ImagesOfAnySize,

        /// <summary>Over images of one size.</summary>
        ImagesOfOneSize,

        /// <summary>Over pixels of one place after another.</summary>
        ChannelsLast,

        /// <summary>With readouts.</summary>
        Readouts,
    }

    public static TheoryData<Kind> Kinds => [.. Enum.GetValues<Kind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_loaded_model_scores_exports_and_describes_itself_as_the_fitted_one(Kind kind)
    {
        (EarlyReadoutTransformer model, IDataView rows) = Fitted(kind);
        using (model)
        {
            using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(Saved(model, rows), _ml);
            Assert.Equal(model.FeatureColumnType, loaded.FeatureColumnType);
            Assert.Equal(model.Graph.Shape, loaded.Graph.Shape);
            Assert.Equal(Described(model.Transform(rows)), Described(loaded.Transform(rows)));
            AssertSameScores(model, loaded, rows);
            using var graph = new MemoryStream();
            using var again = new MemoryStream();
            model.SaveAsOnnx(graph);
            loaded.SaveAsOnnx(again);
            Assert.Equal(graph.Length, again.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Transforms_appended_to_a_loaded_model_stay(Kind kind)
    {
        (EarlyReadoutTransformer model, IDataView rows) = Fitted(kind);
        using (model)
        {
            ITransformer answer = _ml.Transforms.Conversion.MapKeyToValue("Answer", model.PredictedLabelColumnName)
                .Fit(model.Transform(rows));
            ITransformer loaded = _ml.Model.Load(Saved(model, rows), out _);
            Check(loaded.Append(answer)); // a chain within a chain
            Check(((TransformerChain<ITransformer>)loaded).Append(answer)); // one more transformer in the same chain
            (loaded as IDisposable)?.Dispose();

            void Check(ITransformer appended)
            {
                string zip = Path.Combine(_folder, "appended.zip");
                _ml.Model.Save(appended, rows.Schema, zip);
                AssertWhole(EarlyReadoutTransformer.RestoreIn(appended, _ml));
                AssertWhole(EarlyReadoutTransformer.RestoreIn(zip, _ml));
                using EarlyReadoutTransformer found = EarlyReadoutTransformer.From(appended, _ml);
                using EarlyReadoutTransformer read = EarlyReadoutTransformer.Load(zip, _ml);
                AssertSameScores(model, found, rows);
                AssertSameScores(model, read, rows);
            }

            void AssertWhole(ITransformer restored)
            {
                ITransformer[] parts = [.. Assert.IsAssignableFrom<IEnumerable<ITransformer>>(restored)];
                Assert.Equal(2, parts.Length);
                using var whole = Assert.IsType<EarlyReadoutTransformer>(parts[0]);
                AssertSameScores(model, whole, rows);
                Assert.Equal(
                    answer.Transform(model.Transform(rows)).GetColumn<ReadOnlyMemory<char>>("Answer").Select(text => text.ToString()),
                    restored.Transform(rows).GetColumn<ReadOnlyMemory<char>>("Answer").Select(text => text.ToString()));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_several_loaded_models_each_is_restored_and_the_last_is_found(bool flat)
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer first =
            new RandomClassifier { Seed = 1, Score = "FirstScore", PredictedLabel = "FirstLabel" }.Fit(rows);
        using EarlyReadoutTransformer last = new RandomClassifier { Seed = 2 }.Fit(rows);
        ITransformer[] loaded = [.. new[] { first, last }.Select(model => TransformTests.Reload(model, rows.Schema))];
        var chain = new TransformerChain<ITransformer>(
            flat ? [.. loaded.SelectMany(model => (IEnumerable<ITransformer>)model)] : loaded);
        string zip = Path.Combine(_folder, "two.zip");
        _ml.Model.Save(chain, rows.Schema, zip);

        Repack(zip);

        using (EarlyReadoutTransformer found = EarlyReadoutTransformer.From(chain, _ml)) AssertSameScores(last, found, rows);
        using (EarlyReadoutTransformer found = EarlyReadoutTransformer.Load(zip, _ml)) AssertSameScores(last, found, rows);
        EarlyReadoutTransformer[] restored =
            [.. ((IEnumerable<ITransformer>)EarlyReadoutTransformer.RestoreIn(zip, _ml)).Cast<EarlyReadoutTransformer>()];
        Assert.Equal(["FirstScore", "Score"], restored.Select(model => model.ScoreColumnName));
        AssertSameScores(first, restored[0], rows);
        AssertSameScores(last, restored[1], rows);
        foreach (EarlyReadoutTransformer model in restored) model.Dispose();
        chain.Dispose();
    }

    [Fact]
    public void Restoring_a_file_frees_the_transformers_that_it_replaces_and_no_other()
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(rows);
        string graph = Path.Combine(_folder, "teacher.onnx");
        model.SaveAsOnnx(graph);
        using var teacher = _ml.Transforms.ApplyOnnxModel("Logits", "Features", graph).Fit(rows);
        string zip = Path.Combine(_folder, "pipeline.zip");
        _ml.Model.Save(new TransformerChain<ITransformer>(teacher, model), rows.Schema, zip);
        // A loaded OnnxTransformer keeps its graph in a temporary file until it is disposed.
        _ml.TempFilePath = Directory.CreateDirectory(Path.Combine(_folder, "temporary")).FullName;

        using (var restored = (TransformerChain<ITransformer>)EarlyReadoutTransformer.RestoreIn(zip, _ml))
        {
            Assert.Single(Directory.EnumerateFiles(_ml.TempFilePath)); // the teacher's
            Assert.Equal(
                teacher.Transform(rows).GetColumn<float[]>("Logits"), restored.Transform(rows).GetColumn<float[]>("Logits"));
        }

        Assert.Empty(Directory.EnumerateFiles(_ml.TempFilePath));
        EarlyReadoutTransformer.Load(zip, _ml).Dispose();
        Assert.Empty(Directory.EnumerateFiles(_ml.TempFilePath));
    }

    [Fact]
    public void A_label_step_for_training_and_tests_alone_stays_so_in_what_is_restored_and_saved_again()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(Example.Draw(50));
        IDataView unlabelled = _ml.Transforms.DropColumns(nameof(Example.Name)).Fit(rows).Transform(rows);
        using TransformerChain<EarlyReadoutTransformer> fitted = new EstimatorChain<ITransformer>()
            .Append(_ml.Transforms.Conversion.MapValueToKey("Label", nameof(Example.Name)), TransformerScope.TrainTest)
            .Append(new RandomClassifier()).Fit(rows);
        Prediction[] expected = TransformTests.Read(fitted.Transform(unlabelled));
        string zip = Path.Combine(_folder, "scoped.zip"), again = Path.Combine(_folder, "again.zip");
        _ml.Model.Save(fitted, rows.Schema, zip);
        using var loaded = (TransformerChain<ITransformer>)_ml.Model.Load(zip, out _);
        Check(EarlyReadoutTransformer.RestoreIn(zip, _ml));
        Check(EarlyReadoutTransformer.RestoreIn(loaded, _ml));
        Check(EarlyReadoutTransformer.RestoreIn(new TransformerChain<ITransformer>(loaded), _ml)); // a chain within a chain

        void Check(ITransformer restored)
        {
            using var chain = Assert.IsType<TransformerChain<ITransformer>>(restored);
            TransformTests.AssertSameScores(expected, TransformTests.Read(chain.Transform(unlabelled)), 0);
            Assert.NotNull(chain.Transform(rows, TransformerScope.Training).Schema.GetColumnOrNull("Label"));
            Assert.NotNull(chain.Transform(rows, TransformerScope.Testing).Schema.GetColumnOrNull("Label"));
            _ml.Model.Save(chain, rows.Schema, again);
            using var saved = (TransformerChain<ITransformer>)_ml.Model.Load(again, out _);
            TransformTests.AssertSameScores(expected, TransformTests.Read(saved.Transform(unlabelled)));
        }
    }

    [Fact]
    public void A_lone_model_for_training_and_tests_alone_stays_so_in_what_is_restored()
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        using TransformerChain<EarlyReadoutTransformer> fitted =
            new EstimatorChain<ITransformer>().Append(new RandomClassifier(), TransformerScope.TrainTest).Fit(rows);
        string zip = Path.Combine(_folder, "lone.zip");
        _ml.Model.Save(fitted, rows.Schema, zip);
        using var loaded = (TransformerChain<ITransformer>)_ml.Model.Load(zip, out _);
        Check(EarlyReadoutTransformer.RestoreIn(zip, _ml));
        Check(EarlyReadoutTransformer.RestoreIn(loaded, _ml));

        void Check(ITransformer restored)
        {
            using var chain = Assert.IsType<TransformerChain<ITransformer>>(restored);
            EarlyReadoutTransformer model = Assert.IsType<EarlyReadoutTransformer>(Assert.Single(chain));
            AssertSameScores(fitted.LastTransformer, model, rows);
            Assert.Empty(chain.GetModelFor(TransformerScope.Scoring));
            foreach (TransformerScope scope in new[] { TransformerScope.Training, TransformerScope.Testing })
                Assert.Same(model, Assert.Single(chain.GetModelFor(scope)));
        }
    }

    [Fact]
    public void A_file_that_cannot_be_restored_is_named_and_leaves_nothing_open()
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        string zip = Path.Combine(_folder, "other.zip");
        _ml.Model.Save(_ml.Transforms.CopyColumns("Copy", "Features").Fit(rows), rows.Schema, zip);
        Assert.StartsWith(
            $"'{zip}' gives no model back. ",
            Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.RestoreIn(zip, _ml)).Message, StringComparison.Ordinal);
        Assert.Contains("missing.zip", Assert.ThrowsAny<IOException>(
            () => EarlyReadoutTransformer.RestoreIn(Path.Combine(_folder, "missing.zip"), _ml)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("below a file")]
    [InlineData("full")]
    public void A_temporary_folder_that_does_not_serve_is_named_so_and_the_file_is_not_called_damaged(string folder)
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(rows);
        string zip = Saved(model, rows);
        using SmallDisk? disk = folder == "full" ? new SmallDisk(kibibytes: 4) : null;
        if (disk is not null) File.WriteAllBytes(Path.Combine(disk.Folder, "full"), new byte[4096]);
        _ml.TempFilePath = disk?.Folder ?? Path.Combine(zip, "temporary");
        string message = Assert.Throws<IOException>(() => EarlyReadoutTransformer.Load(zip, _ml)).Message;
        Assert.StartsWith($"ML.NET cannot load '{zip}' by way of its temporary folder: ", message, StringComparison.Ordinal);
        Assert.EndsWith(TemporaryFolder.Advice, message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _images.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private (EarlyReadoutTransformer Model, IDataView Rows) Fitted(Kind kind)
    {
        IDataView rows = Example.View(_ml, Example.Draw(50));
        switch (kind)
        {
            case Kind.Plain:
                return (new RandomClassifier().Fit(rows), rows);
            case Kind.OwnNames:
                return (new RandomClassifier { Score = "Chance", PredictedLabel = "Guess" }.Fit(rows), rows);
            case Kind.FeaturesInScore:
                rows = _ml.Transforms.CopyColumns("Score", "Features").Fit(rows).Transform(rows);
                return (new RandomClassifier { Feature = "Score", Score = "Chance", PredictedLabel = "Guess" }.Fit(rows), rows);
            case Kind.ImagesOfAnySize:
                var shape = FeatureShape.Image(3, ImageFolder.Height, ImageFolder.Width);
                EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image", Shape = shape }.Fit(_images.Images());
                _images.Add("wide.png", ImageFolder.Draw(11, 31, 0, new Random(7)), 0, 11, 31);
                return (model, _images.Images());
            case Kind.ImagesOfOneSize:
                return (new RandomClassifier { Feature = "Image" }.Fit(_images.Sized()), _images.Sized());
            case Kind.ChannelsLast:
                rows = ImageFolder.Apply(_ml.Transforms.ExtractPixels("Pixels", "Image", interleavePixelColors: true), _images.Sized());
                var last = new ImageShape(ImageLayout.ChannelsLast, 3, ImageFolder.Height, ImageFolder.Width);
                return (new RandomClassifier { Feature = "Pixels", Shape = last }.Fit(rows), rows);
            case Kind.Readouts:
                return (_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
                {
                    Network = { Kind = NetworkKind.Mlp, HiddenUnits = [6, 5] },
                    Taps = [new() { Stage = 1 }, new() { Stage = 2 }],
                    Epochs = 1,
                }).Fit(rows), rows);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }

    private string Saved(EarlyReadoutTransformer model, IDataView rows)
    {
        string zip = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(model, rows.Schema, zip);
        return zip;
    }

    /// <summary>Writes the files of a zip in the opposite order, as other programs may.</summary>
    private static void Repack(string zip)
    {
        (string Name, byte[] Bytes)[] files;
        using (ZipArchive read = ZipFile.OpenRead(zip)) files = [.. read.Entries.Select(entry => (entry.FullName, BytesOf(entry)))];
        File.Delete(zip);
        using ZipArchive written = ZipFile.Open(zip, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in files.Reverse())
        {
            using Stream stream = written.CreateEntry(name).Open();
            stream.Write(bytes);
        }

        static byte[] BytesOf(ZipArchiveEntry entry)
        {
            using Stream stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
    }

    private static void AssertSameScores(EarlyReadoutTransformer expected, EarlyReadoutTransformer actual, IDataView rows)
    {
        Assert.Equal(Columns(expected), Columns(actual));
        foreach (string score in Columns(expected))
            Assert.Equal(expected.Transform(rows).GetColumn<float[]>(score), actual.Transform(rows).GetColumn<float[]>(score));

        static string[] Columns(EarlyReadoutTransformer model) =>
            [model.ScoreColumnName, .. model.ReadoutNames.Select(name => name + ".Score")];
    }

    private static IEnumerable<string> Described(IDataView view) =>
        view.Schema.Select(column => $"{column.Name} {column.Type} {column.Annotations.Schema}");
}
