using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>What becomes of an image of another size than the network's: the same by <c>Transform</c>, by the saved zip and by a prediction
/// engine.</summary>
public sealed class ImageSizeTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ImageFolder _folder = new(12);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trained_on_a_column_without_a_size_all_ways_resize_alike()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image", Shape = Shape }.Fit(_folder.Images());
        _folder.Add("wide.png", ImageFolder.Draw(11, 31, 0, new Random(7)), 0, 11, 31);
        _folder.Add("small.png", ImageFolder.Draw(5, 4, 1, new Random(8)), 1, 5, 4);
        _folder.Add("tall.png", ImageFolder.Draw(40, 10, 2, new Random(9)), 2, 40, 10);

        AssertAlike(model, _folder.Images());
        // A column of a size of its own is brought to the network's as well.
        AssertAlike(model, ImageFolder.Apply(_ml.Transforms.ResizeImages("Image", 23, 17), _folder.Images()));
        // What is scored is what ResizeImages makes.
        float[][] resized = [.. model.Transform(_folder.Sized()).GetColumn<float[]>("Score")];
        Assert.Equal(resized, model.Transform(_folder.Images()).GetColumn<float[]>("Score"));
    }

    [Fact]
    public void Trained_on_a_column_with_a_size_all_ways_refuse_a_column_of_another_or_of_none()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(_folder.Sized());
        AssertAlike(model, _folder.Sized());
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, _folder.Sized().Schema);
        foreach (IDataView other in new[] { _folder.Images(), ImageFolder.Apply(_ml.Transforms.ResizeImages("Image", 23, 17),
            _folder.Images()) })
        {
            string message = Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(other)).Message;
            Assert.Contains("Schema mismatch for feature column 'Image': expected an image of 8x10 pixels, "
                + "as in the training data (ResizeImages makes one), got Image", message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => ((ITransformer)model).GetRowToRowMapper(other.Schema));
            Assert.ThrowsAny<Exception>(() => stock.Transform(other)); // before a row is read, too
        }
    }

    [Fact]
    public void An_image_in_memory_that_is_not_of_its_column_s_size_is_refused_by_all_ways()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(_folder.Sized());
        MemoryRow[] rows = [new() { Image = MLImage.CreateFromPixels(4, 4, MLPixelFormat.Rgba32, new byte[64]) }];
        IDataView view = _ml.Data.LoadFromEnumerable(rows);
        Assert.Equal(
            "Column 'Image', row 0 (counted from 0 in the data view) is an image of 4×4 pixels; expected 10×8 (width×height). Add "
                + "ResizeImages before the model.",
            Assert.Throws<InvalidDataException>(() => Scores(model.Transform(view))).Message);
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, _folder.Sized().Schema);
        Assert.Throws<InvalidOperationException>(() => Scores(stock.Transform(view)));
        using PredictionEngine<MemoryRow, Scored> engine = _ml.Model.CreatePredictionEngine<MemoryRow, Scored>(model);
        Assert.Throws<InvalidOperationException>(() => engine.Predict(rows[0]));
    }

    [Fact]
    public void The_users_own_images_of_any_size_outlive_scoring()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image", Shape = Shape }.Fit(_folder.Images());
        UnsizedRow[] rows = [.. new[] { (8, 10), (30, 20), (8, 10) }.Select(size => new UnsizedRow
        {
            Image = MLImage.CreateFromPixels(size.Item2, size.Item1, MLPixelFormat.Rgba32, ImageFolder.Draw(size.Item1, size.Item2, 0,
                new Random(1))),
        })];
        SchemaDefinition unsized = SchemaDefinition.Create(typeof(UnsizedRow));
        unsized["Image"].ColumnType = new ImageDataViewType();
        DataViewTypeManager.Register(new ImageDataViewType(), typeof(MLImage), new ImageTypeAttribute());
        IDataView view = _ml.Data.LoadFromEnumerable(rows, unsized);
        float[][] first = Scores(model.Transform(view));
        Assert.Equal(first, Scores(model.Transform(view)));
        Assert.Equal(first[0], first[2]);
        Assert.NotEqual(first[0], first[1]);
        Assert.Equal([10, 20, 10], rows.Select(row => row.Image.Width));
    }

    private static FeatureShape Shape => FeatureShape.Image(3, ImageFolder.Height, ImageFolder.Width);

    private void AssertAlike(EarlyReadoutTransformer model, IDataView view)
    {
        float[][] batched = Scores(model.Transform(view));
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, view.Schema);
        float[][] byRow = Scores(stock.Transform(view));
        Assert.Equal(_folder.Rows.Count, batched.Length);
        Assert.True(batched.Select(row => row[0]).Distinct().Count() > 3, "All rows score alike: the test would not tell images apart.");
        Assert.All(batched.SelectMany(row => row).Zip(byRow.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));

        // The engine goes through the rows of the same schema one by one.
        IRowToRowMapper mapper = ((ITransformer)model).GetRowToRowMapper(view.Schema);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        using DataViewRow row = mapper.GetRow(cursor, [mapper.OutputSchema["Score"]]);
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(mapper.OutputSchema["Score"]);
        VBuffer<float> score = default;
        foreach (float[] expected in batched)
        {
            Assert.True(cursor.MoveNext());
            getter(ref score);
            Assert.All(expected.Zip(score.DenseValues()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    private static float[][] Scores(IDataView view) => [.. view.GetColumn<float[]>("Score")];

    private sealed class MemoryRow
    {
        [ImageType(ImageFolder.Height, ImageFolder.Width)]
        public required MLImage Image { get; set; }
    }

    private sealed class UnsizedRow
    {
        [ImageType(1, 1)]
        public required MLImage Image { get; set; }
    }

    private sealed class Scored
    {
        public float[] Score { get; set; } = [];
    }
}
