using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// <c>ResizeImages</c> hands an image of the right size on, and disposes it with the next row. Whoever reads rows ahead must have copied it
/// by then: each test reads such images in a pipeline of real files.
/// </summary>
public sealed class ImageLifetimeTests : IDisposable
{
    private const int Count = 30;
    private readonly MLContext _ml = new(seed: 1);
    private readonly ImageFolder _folder = new(Count);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_beside_scores_are_those_of_their_rows()
    {
        using EarlyReadoutTransformer model = Random();
        IDataView scored = model.Transform(_folder.Sized());
        byte[][] expected = Pictures(_folder.Sized(), "Image");
        Assert.Equal(Count, expected.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(expected, Pictures(scored, "Image"));
        Assert.Equal(expected, Pictures(scored, "Image", "Score", "PredictedLabel"));
        Assert.Equal(expected, Pictures(ImageFolder.Apply(_ml.Transforms.CopyColumns("Copy", "Image"), scored), "Copy", "Score"));

        // Beside a model of their pixels, which another transform reads from them.
        using EarlyReadoutTransformer ofPixels = new RandomClassifier { Feature = "Pixels" }.Fit(_folder.Pixels());
        IDataView both = ofPixels.Transform(_folder.Pixels());
        Assert.Equal(expected, Pictures(_ml.Transforms.CopyColumns("Kept", "Score").Fit(both).Transform(both), "Image", "Kept"));

        // A stock transform after the model reads them as well, by a variable of its own.
        IDataView after = ImageFolder.Apply(_ml.Transforms.ExtractPixels("After", "Image").Append(_ml.Transforms.Concatenate("All",
            "After", "Score")), scored);
        float[][] pixels = [.. _folder.Pixels().GetColumn<float[]>("Pixels")];
        Assert.Equal(pixels, after.GetColumn<float[]>("All").Select(all => all[..pixels[0].Length]));
    }

    [Fact]
    public void An_image_given_to_a_reader_is_disposed_when_it_is_handed_back_and_not_before()
    {
        using EarlyReadoutTransformer model = Random();
        IDataView scored = model.Transform(_folder.Sized());
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Image"], scored.Schema["Score"]]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(scored.Schema["Image"]);
        cursor.MoveNext();
        MLImage? kept = null, handedBack = null;
        getter(ref kept!);
        getter(ref handedBack!);
        MLImage first = handedBack;
        cursor.MoveNext();
        getter(ref handedBack!);
        Assert.True(BrokenImage.IsDisposed(first));
        Assert.Equal(ImageFolder.Width, kept.Width);
        Assert.Equal(_folder[0], kept.Tag);
        kept.Dispose();
        handedBack.Dispose();
    }

    [Fact]
    public void One_of_our_models_teaches_on_an_image_column()
    {
        using EarlyReadoutTransformer teacher = Random();
        float[][] lessons = [.. teacher.Transform(_folder.Sized()).GetColumn<float[]>("Score")];
        var columns = Rows.With("TeacherScore", RowColumnWidth.OnePerClass, feature: "Image");
        IDataView taught = Teacher.Prepare(new TeacherOptions { Model = teacher }, columns, _folder.Sized(), () => ScoringDevice.Cpu)
            .Apply(_folder.Sized());
        using (TrainingSet set = Rows.Read(taught, columns))
        using (TrainingSet untaught = Rows.Read(_folder.Sized(), new TrainingColumns("Image", "Label")))
        {
            List<float> read = [];
            set.Columns["TeacherScore"].Rows.ForEach(row => read.AddRange(row));
            Assert.Equal(lessons.SelectMany(row => row), read);
            Assert.Equal(Rows.Features(untaught), Rows.Features(set));
        }

        var options = new DebiasedDistillationTrainer.Options
        {
            FeatureColumnName = "Image", Epochs = 1, Teacher = { Model = teacher },
            Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4] },
        };
        using EarlyReadoutTransformer student = _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(_folder.Sized());
        Assert.Equal(Count, student.Transform(_folder.Sized()).GetColumn<float[]>("Score").Count());
    }

    [Fact]
    public void Overlays_are_painted_over_the_images_of_their_rows()
    {
        using EarlyReadoutTransformer model = Trained();
        IEstimator<ITransformer> overlay = _ml.Transforms.ClassActivationMap("Map", model)
            .Append(_ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map", opacity: 0));
        byte[][] painted = Pictures(ImageFolder.Apply(overlay, _folder.Sized()), "Overlay");
        byte[][] beside = Pictures(ImageFolder.Apply(overlay, model.Transform(_folder.Sized())), "Overlay");
        byte[][] grey = [.. Pictures(_folder.Sized(), "Image").Select(Grey)]; // an overlay of no opacity is the image in grey
        Assert.Equal(grey, painted);
        Assert.Equal(grey, beside);

        static byte[] Grey(byte[] rgb) => [.. rgb.Chunk(3).SelectMany(pixel =>
            Enumerable.Repeat((byte)Math.Round(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]), 3))];
    }

    [Fact]
    public void Training_validation_and_the_report_read_them()
    {
        using EarlyReadoutTransformer model = Trained();
        string html = _ml.MulticlassClassification.CreateReport(_folder.Sized(), [new ReportedModel("plain", model)]).Html;
        Assert.Contains("Accuracy by group", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_images_that_are_carried_along_do_not_pile_up()
    {
        using var large = new ImageFolder(0);
        const int side = 1500; // 9 MB each: a batch of 256 would hold 2.3 GB of them
        for (int i = 0; i < 3; i++) large.Add($"{i}.png", new byte[4 * side * side], i, side, side);
        for (int row = 3; row < 30; row++) large.Repeat(row % 3);
        IDataView view = ImageFolder.Apply(_ml.Transforms.ResizeImages("Small", ImageFolder.Width, ImageFolder.Height, "Image"),
            large.Images());
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Small" }.Fit(view);
        long ahead = 0;
        IDataView scored = model.Transform(new CountingView(view, row => ahead = row + 1));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Image"], scored.Schema["Score"]]);
        Assert.True(cursor.MoveNext());
        Assert.Equal(4, ahead); // 36 MB, the first to reach 32 MiB
        int rows = 1;
        while (cursor.MoveNext()) Assert.InRange(ahead, ++rows, rows + 12); // three batches, and no more
        Assert.Equal(30, rows);
    }

    private EarlyReadoutTransformer Random() => new RandomClassifier { Feature = "Image" }.Fit(_folder.Sized());

    private EarlyReadoutTransformer Trained()
    {
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Image", Epochs = 2, ValidationSet = _folder.Sized(),
            Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4, 6] },
        };
        return _ml.Transforms.EarlyReadout(options).Fit(_folder.Sized());
    }

    /// <summary>Red, green and blue of each row's image, read as ML.NET's own consumers do: one variable, handed back.</summary>
    private static byte[][] Pictures(IDataView view, string column, params string[] beside)
    {
        List<byte[]> pictures = [];
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema[column], .. beside.Select(name => view.Schema[name])]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(view.Schema[column]);
        MLImage? image = null;
        while (cursor.MoveNext())
        {
            getter(ref image!);
            var rgb = new byte[3 * image.Height * image.Width];
            RgbPixels.Copy(image, column, rgb.AsSpan(), ImageLayout.ChannelsLast);
            pictures.Add(rgb);
        }

        return [.. pictures];
    }
}
