using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>One broken image among many is named by column, row and file, whoever reads it first.</summary>
public sealed class BrokenImageTests : IDisposable
{
    private const int Broken = 17;
    private readonly MLContext _ml = new(seed: 1);
    private readonly ImageFolder _folder = new(40);

    public static TheoryData<string, bool> Faults
    {
        get
        {
            TheoryData<string, bool> faults = [];
            foreach (string fault in new[] { "no image", "cut in its head", "empty", "missing", "folder", "no path" })
            {
                faults.Add(fault, false);
                faults.Add(fault, true);
            }

            return faults;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Faults))]
    public void In_training_rows_in_a_validation_set_and_when_scoring(string fault, bool whole)
    {
        // Fitted while all is well.
        using EarlyReadoutTransformer images = new RandomClassifier { Feature = "Image" }.Fit(_folder.Sized());
        using EarlyReadoutTransformer unsized = new RandomClassifier { Feature = "Image", Shape = FeatureShape.Image(3, ImageFolder.Height,
            ImageFolder.Width) }.Fit(_folder.Images());
        using EarlyReadoutTransformer pixels = new RandomClassifier { Feature = "Pixels" }.Fit(_folder.Pixels());
        using TrainingSet training = Rows.Read(_folder.Pixels(), new TrainingColumns("Pixels", "Label"));
        string what = Break(fault, whole);

        AssertNamed("Image", what, () => Rows.Read(_folder.Images(whole), new TrainingColumns("Image", "Label")));
        AssertNamed("Image", what, () => Rows.Read(_folder.Sized(whole), new TrainingColumns("Image", "Label")));
        AssertNamed("Pixels", what, () => Rows.Read(_folder.Pixels(whole: whole), new TrainingColumns("Pixels", "Label")));
        AssertNamed("Pixels", what, () => Rows.Read(_folder.Pixels(whole: whole), new TrainingColumns("Pixels", "Label"), like: training));
        AssertNamed("Image", what, () => Scores(images.Transform(_folder.Sized(whole))));
        AssertNamed("Image", what, () => Scores(unsized.Transform(_folder.Images(whole))));
        AssertNamed("Pixels", what, () => Scores(pixels.Transform(_folder.Pixels(whole: whole))));
        AssertNamed("Pixels", what, () => _ml.MulticlassClassification.EvaluateByGroup(pixels.Transform(_folder.Pixels(whole: whole)),
            "Class"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(39)]
    public void In_the_first_row_and_in_the_last(int row)
    {
        File.WriteAllText(_folder[row], "<html>404</html>");
        AssertNamed("Pixels", $"has no image: the file '{_folder[row]}' is not an image that can be decoded.", () =>
            Rows.Read(_folder.Pixels(), new TrainingColumns("Pixels", "Label")), row);
        AssertNamed("Image", $"has no image: the file '{_folder[row]}' is not an image that can be decoded.", () =>
            Rows.Read(_folder.Sized(), new TrainingColumns("Image", "Label")), row);
    }

    [Fact]
    public void A_first_row_without_a_path_is_not_taken_for_a_black_picture()
    {
        _folder.Rename(0, "");
        AssertNamed("Pixels", "has no image: its text in column 'Path' is empty. Drop such rows, or load an image for them.",
            () => Rows.Read(_folder.Pixels(), new TrainingColumns("Pixels", "Label")), row: 0);
    }

    /// <summary>What deployment.md says of a saved model, in which there are stock transforms alone.</summary>
    [Fact]
    public void A_saved_model_takes_a_first_row_without_a_path_for_a_black_picture()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Pixels" }.Fit(_folder.Pixels());
        _folder.Add("black.png", Black(), 0);
        _folder.Rename(0, "");
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, _folder.Pixels().Schema);
        float[][] scores = [.. stock.Transform(_folder.Pixels()).GetColumn<float[]>("Score")];
        Assert.Equal(scores[^1], scores[0]);
        Assert.NotEqual(scores[1], scores[0]);
    }

    [Fact]
    public void Where_no_image_can_be_loaded_the_texts_of_the_row_are_told()
    {
        for (int row = 0; row < 40; row++) File.WriteAllText(_folder[row], "");
        AssertNamed("Image",
            "cannot be read: Invalid input stream contents (Parameter 'imageStream'). Its texts are Path '000.png', Class 'red'.",
            () => Rows.Read(_folder.Images(), new TrainingColumns("Image", "Label")), row: 0);
    }

    /// <summary>A text file is read on several threads, ahead of the row that is asked for.</summary>
    [Fact]
    public void In_a_text_file_that_is_read_ahead()
    {
        string list = Path.Combine(_folder.Root, "list.csv");
        string[] lines = [.. Enumerable.Range(0, 400).Select(row => $"{_folder.Rows[row % 40].Path},{_folder.Rows[row % 40].Class}")];
        lines[371] = "broken.png,red";
        File.WriteAllLines(list, lines);
        File.WriteAllText(Path.Combine(_folder.Root, "broken.png"), "");
        IDataView texts = _ml.Data.LoadFromTextFile(list, [new TextLoader.Column("Path", DataKind.String, 0),
            new TextLoader.Column("Class", DataKind.String, 1)], ',');
        IDataView view = ImageFolder.Apply(_ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(_ml.Transforms.LoadImages("Image", _folder.Root, "Path"))
            .Append(_ml.Transforms.ResizeImages("Image", ImageFolder.Width, ImageFolder.Height))
                .Append(_ml.Transforms.ExtractPixels("Pixels", "Image")), texts);
        string what = $"has no image: the file '{Path.Combine(_folder.Root, "broken.png")}' is empty.";
        AssertNamed("Pixels", what, () => Rows.Read(view, new TrainingColumns("Pixels", "Label")), row: 371);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Pixels" }.Fit(view);
        AssertNamed("Pixels", what, () => Scores(model.Transform(view)), row: 371);
    }

    [Fact]
    public void In_overlays_and_in_the_report()
    {
        var options = new EarlyReadoutEstimator.Options { FeatureColumnName = "Image", Epochs = 1,
            Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4] } };
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(_folder.Sized());
        IDataView mapped = ImageFolder.Apply(_ml.Transforms.ClassActivationMap("Map", model), _folder.Sized());
        float[][] maps = [.. mapped.GetColumn<float[]>("Map")];
        string what = Break("empty", whole: false);
        AssertNamed("Image", what, () => Overlays(mapped));
        AssertNamed("Image", what, () => _ml.MulticlassClassification.CreateReport(_folder.Sized(), [new ReportedModel("plain", model)]));

        // Maps that are there already: now the overlay is the first to read the image.
        var rows = _folder.Rows.Select((row, i) => new MappedRow { Path = row.Path, Map = maps[i] }).ToArray();
        SchemaDefinition schema = SchemaDefinition.Create(typeof(MappedRow));
        schema["Map"].ColumnType = mapped.Schema["Map"].Type;
        IDataView loaded = ImageFolder.Apply(_ml.Transforms.LoadImages("Image", _folder.Root, "Path"), _ml.Data.LoadFromEnumerable(rows,
            schema));
        AssertNamed("Image", what, () => Overlays(loaded));
    }

    [Fact]
    public void A_column_of_images_that_a_cache_has_dropped_is_missed_with_the_reason()
    {
        const string dropped = "ML.NET's Cache, AppendCacheCheckpoint and ShuffleRows drop columns of images: use them before LoadImages "
            + "or after ExtractPixels.";
        IDataView cached = _ml.Data.Cache(_folder.Sized());
        string training = Assert.Throws<ArgumentOutOfRangeException>(
            () => Rows.Read(cached, new TrainingColumns("Image", "Label"))).Message;
        Assert.StartsWith("The feature column 'Image' is not in the data, which has ", training, StringComparison.Ordinal);
        Assert.EndsWith($". If it held images: {dropped}", training, StringComparison.Ordinal);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(_folder.Sized());
        Assert.StartsWith($"Could not find feature column 'Image'. {dropped}",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => _ml.MulticlassClassification.CreateReport(cached, [new ReportedModel("plain", model)])).Message,
            StringComparison.Ordinal);
    }

    /// <summary>There the cache reads ahead, and says of what failed only that something did.</summary>
    [Fact]
    public void Behind_a_cache_the_fault_is_told_with_a_row_at_or_before_it()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Pixels" }.Fit(_folder.Pixels());
        File.Delete(_folder[Broken]);
        Says(() => Rows.Read(_ml.Data.Cache(_folder.Pixels()), new TrainingColumns("Pixels", "Label")));
        Says(() => Scores(model.Transform(_ml.Data.Cache(_folder.Pixels()))));

        void Says(Action read)
        {
            string message = Assert.Throws<InvalidDataException>(read).Message;
            Assert.StartsWith("Row ", message, StringComparison.Ordinal);
            Assert.EndsWith(
                $" (counted from 0 in the data view) or one after it cannot be read: Could not find file '{_folder[Broken]}'.", message,
                StringComparison.Ordinal);
            Assert.InRange(int.Parse(message.Split(' ')[1], CultureInfo.InvariantCulture), 0, Broken);
        }
    }

    /// <summary>A text file is read on several threads where there are several processors, and on one thread else.</summary>
    [Fact]
    public void Where_the_images_were_dropped_from_the_view_the_fault_is_told_all_the_same()
    {
        string list = Path.Combine(_folder.Root, "list.csv");
        File.WriteAllLines(list, Enumerable.Range(0, 400).Select(row => row == 371
            ? "missing.png,red" : $"{_folder.Rows[row % 40].Path},{_folder.Rows[row % 40].Class}"));
        IDataView texts = _ml.Data.LoadFromTextFile(list, [new TextLoader.Column("Path", DataKind.String, 0),
            new TextLoader.Column("Class", DataKind.String, 1)], ',');
        IDataView view = ImageFolder.Apply(_ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(_ml.Transforms.LoadImages("Image", _folder.Root, "Path"))
            .Append(_ml.Transforms.ResizeImages("Image", ImageFolder.Width, ImageFolder.Height))
            .Append(_ml.Transforms.ExtractPixels("Pixels", "Image")).Append(_ml.Transforms.DropColumns("Image")), texts);
        Assert.EndsWith(
            $" cannot be read: Could not find file '{Path.Combine(_folder.Root, "missing.png")}'.",
            Assert.Throws<InvalidDataException>(() => Rows.Read(view, new TrainingColumns("Pixels", "Label"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_an_image_are_warned_of_where_the_view_has_no_more_images()
    {
        _folder.Rename(0, "");
        foreach (IDataView view in new[]
        {
            _ml.Data.Cache(_folder.Pixels()), ImageFolder.Apply(_ml.Transforms.DropColumns("Image"), _folder.Pixels()),
        })
        {
            List<string> log = [];
            Rows.Read(view, new TrainingColumns("Pixels", "Label"), log: log).Dispose();
            Assert.Contains("Warning: Column 'Pixels' has no pixel in 1 of 40 rows, the first of which is row 0 (counted from 0 in the "
                + "data view). ExtractPixels writes that for a row without an image, and all its numbers count as 0. Drop such rows, or "
                + "load an image for them.", log);
        }
    }

    [Fact]
    public void Validation_rows_without_an_image_are_warned_of_as_such()
    {
        using TrainingSet training = Rows.Read(_ml.Data.Cache(_folder.Pixels()), new TrainingColumns("Pixels", "Label"));
        _folder.Rename(0, "");
        List<string> log = [];
        Rows.Read(_ml.Data.Cache(_folder.Pixels()), Rows.Held with { Feature = "Pixels" }, like: training, log: log).Dispose();
        Assert.StartsWith(
            "Warning: In the validation rows (ValidationSet): Column 'Pixels' has no pixel in 1 of 40 rows, ", Assert.Single(log),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_black_picture_is_not_taken_for_a_row_without_an_image()
    {
        _folder.Add("black.png", Black(), 0);
        List<string> log = [];
        Rows.Read(_ml.Data.Cache(_folder.Pixels()), new TrainingColumns("Pixels", "Label"), log: log).Dispose();
        Assert.DoesNotContain(log, line => line.Contains("no pixel", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    public void Files_that_are_cut_off_are_warned_of(string format)
    {
        using var folder = new ImageFolder(0);
        for (int i = 0; i < 6; i++) folder.Add($"{i}.{format}", ImageFolder.Draw(64, 48, i % 3, new Random(i)), i % 3, 64, 48);
        List<string> log = [];
        Rows.Read(folder.Images(), new TrainingColumns("Image", "Label"), log: log).Dispose();
        Assert.DoesNotContain(log, line => line.Contains("cut off", StringComparison.Ordinal));
        foreach (int row in new[] { 2, 4 }) File.WriteAllBytes(folder[row], File.ReadAllBytes(folder[row])[..^300]);
        Rows.Read(folder.Images(), new TrainingColumns("Image", "Label"), log: log).Dispose();
        Assert.Contains("Warning: 2 images of column 'Image' are cut off; what could be decoded is used, and the rest is blank. "
            + $"The first is row 2 (counted from 0 in the data view), '{folder[2]}'.", log);
    }

    [Fact]
    public void Images_in_memory_that_a_stock_transform_disposed_are_told_to_be_so()
    {
        MemoryRow[] rows = [.. Enumerable.Range(0, 4).Select(i => new MemoryRow
        {
            Image = MLImage.CreateFromPixels(ImageFolder.Width, ImageFolder.Height, MLPixelFormat.Rgba32,
                ImageFolder.Draw(ImageFolder.Height, ImageFolder.Width, i % 2, new Random(i))),
            Class = i % 2 == 0 ? "a" : "b",
        })];
        IDataView view = ImageFolder.Apply(_ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(_ml.Transforms.ResizeImages("Image", ImageFolder.Width, ImageFolder.Height))
                .Append(_ml.Transforms.ExtractPixels("Pixels", "Image")), _ml.Data.LoadFromEnumerable(rows));
        Assert.Equal(4, view.GetColumn<float[]>("Pixels").Count()); // disposes them
        AssertNamed("Pixels", "has an image that was disposed. ResizeImages and ExtractPixels dispose images in memory that they have "
            + "read: make them anew for each pass, or load them from files.",
            () => Rows.Read(view, new TrainingColumns("Pixels", "Label")), row: 0);
    }

    [Fact]
    public void What_fails_for_another_reason_is_told_with_its_column_and_row()
    {
        IDataView failing = ImageFolder.Apply(_ml.Transforms.CustomMapping<SizedRow, DrawnRow>(
            (from, to) => to.Drawn = from.Image.Tag == _folder[5] ? throw new FormatException("five") : from.Image, null), _folder.Sized());
        Exception error = AssertNamed("Drawn", $"cannot be read: five. Its file is '{_folder[5]}'.", () => Rows.Read(failing,
            new TrainingColumns("Drawn", "Label")), row: 5);
        Assert.IsType<FormatException>(error.InnerException);
    }

    [Fact]
    public void A_search_for_one_that_takes_too_long_ends_without_it()
    {
        File.WriteAllText(_folder[Broken], "");
        IDataView images = _folder.Sized();
        Assert.Equal(Broken, BrokenImage.Find(images, 0, 40, TimeSpan.FromMinutes(1))?.Row);
        Assert.Null(BrokenImage.Find(images, 0, 40, TimeSpan.Zero));
        Assert.Equal(Broken, BrokenImage.Find(images, Broken, 1, TimeSpan.Zero)?.Row); // the row that failed is looked at all the same
        var slow = new CountingView(images, row => Thread.Sleep(row == 3 ? 1200 : 0)); // before the rows that are looked at
        Assert.Equal(Broken, BrokenImage.Find(slow, Broken - 1, 2, TimeSpan.FromSeconds(1))?.Row);
    }

    private MLImage[] Overlays(IDataView mapped) => [.. ImageFolder.Apply(_ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map"),
        mapped).GetColumn<MLImage>("Overlay")];

    private static InvalidDataException AssertNamed(string column, string what, Action read, int row = Broken)
    {
        var error = Assert.Throws<InvalidDataException>(read);
        Assert.Equal($"Column '{column}', row {row} (counted from 0 in the data view) {what}", error.Message);
        return error;
    }

    /// <summary>Spoils a row, and gives what is to be said of it.</summary>
    private string Break(string fault, bool whole)
    {
        string file = _folder[Broken];
        switch (fault)
        {
            case "no image":
                File.WriteAllText(file, "<html>404</html>");
                return $"has no image: the file '{file}' is not an image that can be decoded.";
            case "cut in its head":
                File.WriteAllBytes(file, File.ReadAllBytes(file)[..20]);
                return $"has no image: the file '{file}' is cut off.";
            case "empty":
                File.WriteAllText(file, "");
                return $"has no image: the file '{file}' is empty.";
            case "missing":
                File.Delete(file);
                return $"has no image: there is no file '{file}'.";
            case "folder":
                File.Delete(file);
                Directory.CreateDirectory(file);
                return $"has no image: '{file}' is a folder.";
            default:
                _folder.Rename(Broken, "");
                return "has no image: its text in column 'Path' is empty. Drop such rows, or load an image for them.";
        }
    }

    private static byte[] Black() =>
        [.. Enumerable.Range(0, 4 * ImageFolder.Height * ImageFolder.Width).Select(i => (byte)(i % 4 == 3 ? 255 : 0))];

    private static float[][] Scores(IDataView view) => [.. view.GetColumn<float[]>("Score")];

    private sealed class SizedRow
    {
        [ImageType(ImageFolder.Height, ImageFolder.Width)]
        public MLImage Image { get; set; } = null!;
    }

    private sealed class DrawnRow
    {
        [ImageType(ImageFolder.Height, ImageFolder.Width)]
        public MLImage Drawn { get; set; } = null!;
    }

    private sealed class MappedRow
    {
        public string Path { get; set; } = "";

        public float[] Map { get; set; } = [];
    }

    private sealed class MemoryRow
    {
        [ImageType(ImageFolder.Height, ImageFolder.Width)]
        public required MLImage Image { get; set; }

        public string Class { get; set; } = "";
    }
}
