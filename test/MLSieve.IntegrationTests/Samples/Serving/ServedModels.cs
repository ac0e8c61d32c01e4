using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Saved models, made once: of images that are loaded by path, after a step for the label; of images, and of rows of a table.
/// </summary>
public sealed class ServedModels : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);

    public ServedModels()
    {
        using ImageFolder train = new(60);
        IDataView paths = _ml.Data.LoadFromEnumerable(train.Rows);
        using TransformerChain<EarlyReadoutTransformer> images = _ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(_ml.Transforms.LoadImages("Image", train.Root, "Path"))
            .Append(_ml.Transforms.ResizeImages("Image", ImageFolder.Width, ImageFolder.Height))
            .Append(_ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                FeatureColumnName = "Pixels",
                Network = { Kind = NetworkKind.ConvNet, Channels = [8, 8] },
                Epochs = 3,
            }))
            .Fit(paths);
        _ml.Model.Save(images, paths.Schema, Images);

        IDataView sized = train.Sized();
        using EarlyReadoutTransformer direct = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Image",
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 8] },
            Epochs = 1,
        }).Fit(sized);
        _ml.Model.Save(direct, sized.Schema, SizedImages);

        IDataView rows = _ml.Data.LoadFromEnumerable(Draw(80));
        IDataView labelled = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using TransformerChain<EarlyReadoutTransformer> table = _ml.Transforms.Categorical.OneHotEncoding("City")
            .Append(_ml.Transforms.Concatenate("Features", "City", "Age", "Marks"))
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Network = { HiddenUnits = [8] }, Epochs = 2 }))
            .Fit(labelled);
        _ml.Model.Save(table, labelled.Schema, Table);

        IDataView parcels = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 80).Select(i => new Parcel { Weight = (1 + i % 2) / 1e3, Label = i % 2 == 0 ? "no" : "yes" }).ToArray());
        IDataView sorted = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(parcels).Transform(parcels);
        using TransformerChain<EarlyReadoutTransformer> light = _ml.Transforms.Conversion.ConvertType("Kilograms", "Weight")
            .Append(_ml.Transforms.Concatenate("Features", "Kilograms"))
            .Append(_ml.Transforms.NormalizeMeanVariance("Features"))
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Network = { HiddenUnits = [32] }, Epochs = 2 }))
            .Fit(sorted);
        _ml.Model.Save(light, sorted.Schema, Parcels);

        IDataView pieces = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 80).Select(i => new Piece { Width = i % 2, Label = i % 2 == 1 }).ToArray());
        using TransformerChain<EarlyReadoutTransformer> flags = _ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.Transforms.Concatenate("Features", "Width"))
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Network = { HiddenUnits = [8] }, Epochs = 2 }))
            .Fit(pieces);
        _ml.Model.Save(flags, pieces.Schema, Flags);

        IDataView keyed = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 80).Select(i => new KeyedPiece { Width = i % 3, Label = (uint)(i % 3) }).ToArray());
        using TransformerChain<EarlyReadoutTransformer> keys = _ml.Transforms.Concatenate("Features", "Width")
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Network = { HiddenUnits = [8] }, Epochs = 2 }))
            .Fit(keyed);
        _ml.Model.Save(keys, keyed.Schema, Keys);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("mlsieve-serve-").FullName;

    public string Images => Path.Combine(Folder, "images.zip");

    /// <summary>A model that begins with images, which no zip has as a column.</summary>
    public string SizedImages => Path.Combine(Folder, "sized-images.zip");

    public string Table => Path.Combine(Folder, "table.zip");

    /// <summary>A model of a column of Double, whose values it takes several hundred times.</summary>
    public string Parcels => Path.Combine(Folder, "parcels.zip");

    /// <summary>A model whose label is a bool.</summary>
    public string Flags => Path.Combine(Folder, "flags.zip");

    /// <summary>A model whose label is a key without values.</summary>
    public string Keys => Path.Combine(Folder, "keys.zip");

    /// <summary>A new folder for a server's temporary files.</summary>
    public string NewTemporaryFolder() => Directory.CreateDirectory(Path.Combine(Folder, Path.GetRandomFileName())).FullName;

    /// <summary>The scores of rows by the saved model of the table, one after the other.</summary>
    internal float[][] TableScores(IEnumerable<Person> people)
    {
        ITransformer model = _ml.Model.Load(Table, out _);
        try
        {
            IDataView rows = _ml.Data.LoadFromEnumerable(people);
            IDataView labelled = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
            return [.. model.Transform(labelled).GetColumn<float[]>("Score")];
        }
        finally
        {
            (model as IDisposable)?.Dispose();
        }
    }

    /// <summary>The scores of image files by the saved model of images, one after the other.</summary>
    internal float[][] ImageScores(string folder, IEnumerable<string> files)
    {
        ITransformer model = _ml.Model.Load(Images, out _);
        try
        {
            // The pipeline was fitted to a folder that is gone; the rest of it scores the images of another.
            IDataView images = _ml.Transforms.LoadImages("Image", folder, "Path")
                .Append(_ml.Transforms.ResizeImages("Image", ImageFolder.Width, ImageFolder.Height))
                .Append(_ml.Transforms.ExtractPixels("Pixels", "Image"))
                .Fit(Paths()).Transform(Paths());
            return [.. ((IEnumerable<ITransformer>)model).Last().Transform(images).GetColumn<float[]>("Score")];
        }
        finally
        {
            (model as IDisposable)?.Dispose();
        }

        IDataView Paths() => _ml.Data.LoadFromEnumerable(files.Select(file => new ImagePath { Path = file }).ToArray());
    }

    internal static Person[] Draw(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i => new Person
        {
            City = i % 3 == 0 ? "Oslo" : "Rome",
            Age = random.Next(20, 80),
            Marks = [random.NextSingle(), random.NextSingle() + i % 2],
            Label = i % 2 == 0 ? "no" : "yes",
        })];
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    internal sealed class Person
    {
        public string City { get; set; } = "";

        public float Age { get; set; }

        [VectorType(2)]
        public float[] Marks { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Parcel
    {
        public double Weight { get; set; }

        public string Label { get; set; } = "";
    }

    private sealed class Piece
    {
        public float Width { get; set; }

        public bool Label { get; set; }
    }

    private sealed class KeyedPiece
    {
        public float Width { get; set; }

        [KeyType(3)]
        public uint Label { get; set; } // which a view takes for the keys 1 to 3
    }

    private sealed class ImagePath
    {
        public string Path { get; set; } = "";
    }
}
