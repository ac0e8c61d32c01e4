using System.IO.Compression;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace MLSieve.Tests;

/// <summary>A file that gives no model back says why, and what to do.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private const int Rounds = 300;
    private const string PartsMissing = "Not all of the stock transformers that it was saved as are in the pipeline.";
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("damaged").FullName;

    [Fact]
    public void A_model_of_another_trainer_is_named_so()
    {
        IDataView rows = BiasedRow.View(_ml, 100);
        ITransformer other = _ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(rows);
        string path = PathOf("other.zip");
        _ml.Model.Save(other, rows.Schema, path);
        string message = Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.Load(path)).Message;
        Assert.Contains($"'{path}' gives no model back. It holds no model that this library has saved.", message, StringComparison.Ordinal);
        Assert.Contains("mlContext.Model.Load", message, StringComparison.Ordinal);
        Assert.Contains(
            "There is no model of this library",
            Assert.Throws<ArgumentException>(() => EarlyReadoutTransformer.From(other)).Message, StringComparison.Ordinal);
        Assert.Same(other, EarlyReadoutTransformer.RestoreIn(other));
    }

    [Fact]
    public void A_missing_file_is_an_io_error_that_names_it() =>
        Assert.Contains(
            PathOf("missing.zip"),
            Assert.ThrowsAny<IOException>(() => EarlyReadoutTransformer.Load(PathOf("missing.zip"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_path_that_may_not_be_read_is_an_io_error_that_names_it()
    {
        string says = $"Cannot read '{_folder}': "; // as of any folder
        Assert.StartsWith(says, Assert.Throws<IOException>(() => EarlyReadoutTransformer.Load(_folder)).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            says, Assert.Throws<IOException>(() => EarlyReadoutTransformer.RestoreIn(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_a_later_version_names_that_version()
    {
        string path = Saved();
        WithGraph(path, model =>
        {
            Describe(model, "{\"Format\":1,", "{\"Format\":2,\"Unheard\":[],");
            Describe(model, "\"SavedBy\":\"", "\"SavedBy\":\"9");
        });
        string message = Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.Load(path)).Message;
        Assert.Contains("Version 90.1.0 of this library saved it", message, StringComparison.Ordinal);
        Assert.Contains("Update this library to 90.1.0 or later.", message, StringComparison.Ordinal);
        using var stock = (IDisposable)_ml.Model.Load(path, out _);
        Assert.NotNull(stock); // stock ML.NET scores it all the same
    }

    [Theory]
    [InlineData("\"Item\":\"Single\"", "\"Item\":\"Triple\"", "It does not fit together: No column type 'Triple'.")]
    [InlineData("\"After\":", "\"After\":9", PartsMissing)]
    [InlineData("\"After\":", "\"After\":2147483647,\"Other\":", PartsMissing)]
    [InlineData("\"Before\":", "\"Before\":9", PartsMissing)]
    [InlineData("\"Before\":", "\"Before\":-9", PartsMissing)]
    public void A_description_that_does_not_fit_is_named(string written, string changed, string message)
    {
        string path = Saved();
        WithGraph(path, model => Describe(model, written, changed));
        Assert.Contains(
            message, Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.Load(path, _ml)).Message, StringComparison.Ordinal);
        using var stock = (TransformerChain<ITransformer>)_ml.Model.Load(path, out _);
        Assert.Contains(
            message, Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.RestoreIn(stock, _ml)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_weight_is_noticed()
    {
        string path = Saved();
        WithGraph(path, model =>
        {
            TensorProto weight = model.Graph.Initializer.First(constant => constant.RawData.Length > 8);
            byte[] numbers = weight.RawData.ToByteArray();
            numbers[0] ^= 1;
            weight.RawData = ByteString.CopyFrom(numbers);
        });
        Assert.Contains(
            "bytes were changed",
            Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.Load(path)).Message, StringComparison.Ordinal);
        using var stock = (TransformerChain<ITransformer>)_ml.Model.Load(path, out _);
        Assert.Contains(
            "bytes were changed",
            Assert.Throws<InvalidDataException>(() => EarlyReadoutTransformer.From(stock)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_gives_the_model_or_an_error_that_names_the_file_and_says_what_to_do()
    {
        _ml.TempFilePath = _folder; // where ML.NET leaves its copy of a graph once it has failed on what comes after it
        string whole = Saved(), path = PathOf("damaged.zip");
        byte[] bytes = File.ReadAllBytes(whole);
        IDataView rows = BiasedRow.View(_ml, 50);
        float[] expected;
        using (EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(whole, _ml)) expected = Scores(model);
        var mutator = new FileMutator(seed: 5);
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            File.WriteAllBytes(path, mutator.Bytes(bytes));
            try
            {
                using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(path, _ml);
                Assert.Equal(expected, Scores(model));
            }
            catch (InvalidDataException error)
            {
                refused++;
                Assert.StartsWith($"'{path}' gives no model back. ", error.Message, StringComparison.Ordinal);
                Assert.EndsWith(
                    "If it was damaged, copy it anew from where it was saved, or save the model again.", error.Message,
                    StringComparison.Ordinal);
            }
        }

        Assert.InRange(refused, Rounds / 2, Rounds);

        float[] Scores(ITransformer model) => [.. model.Transform(rows).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string Saved()
    {
        IDataView rows = BiasedRow.View(_ml, 100);
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { Kind = NetworkKind.Mlp, HiddenUnits = [6] },
            Taps = [new() { Stage = 1 }],
            Epochs = 1,
        }).Fit(rows);
        string path = PathOf("whole.zip");
        _ml.Model.Save(model, rows.Schema, path);
        return path;
    }

    /// <summary>Changes what a graph says of its model, as a library does that knows how.</summary>
    private static void Describe(ModelProto model, string written, string changed)
    {
        StringStringEntryProto description = model.MetadataProps.Single(entry => entry.Key == "EarlyReadout.Model");
        string json = description.Value.Replace(written, changed, StringComparison.Ordinal);
        Assert.NotEqual(json, description.Value);
        description.Value = json;
        StringStringEntryProto digest = model.MetadataProps.Single(entry => entry.Key == "EarlyReadout.Digest");
        model.MetadataProps.Remove(digest);
        digest.Value = Convert.ToHexStringLower(SHA256.HashData(model.ToByteArray()));
        model.MetadataProps.Add(digest);
    }

    /// <summary>Changes the graph in a zip, which stays a zip that ML.NET loads.</summary>
    private static void WithGraph(string path, Action<ModelProto> change)
    {
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update);
        ZipArchiveEntry entry = zip.Entries.Single(each => each.FullName.EndsWith("OnnxModel", StringComparison.Ordinal));
        using Stream stream = entry.Open();
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        ModelProto model = ModelProto.Parser.ParseFrom(bytes.AsSpan(sizeof(int)));
        change(model);
        byte[] changed = model.ToByteArray();
        stream.SetLength(0);
        stream.Write(BitConverter.GetBytes(changed.Length));
        stream.Write(changed);
    }
}
