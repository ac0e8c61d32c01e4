using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A saved model scores equally in an application that has never heard of this library.</summary>
public sealed class StockLoadingTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("stock").FullName;

    [Theory]
    [InlineData("Text", 2)]
    [InlineData("Text", 40)]
    [InlineData("Number", 2)]
    [InlineData("Number", 40)]
    public void A_model_over_vectors_scores_equally_in_a_stock_application(string label, int classes)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Row.Draw(2000, classes));
        AssertStockAgrees(data, _ml.Transforms.Conversion.MapValueToKey("Label", label)
            .Append(new RandomClassifier { Feature = "Numbers" })
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")));
    }

    [Fact]
    public void A_model_behind_a_tabular_prefix_scores_equally_in_a_stock_application()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Row.Draw(500, 3));
        AssertStockAgrees(data, _ml.Transforms.Conversion.MapValueToKey("Label", "Text")
            .Append(_ml.Transforms.Categorical.OneHotEncoding("Hot", "Colour"))
            .Append(_ml.Transforms.NormalizeMeanVariance("Numbers"))
            .Append(_ml.Transforms.Concatenate("Features", "Hot", "Numbers"))
            .Append(new RandomClassifier())
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_over_image_files_scores_equally_in_a_stock_application(bool readsImages)
    {
        Row[] rows = Row.Draw(40, 3);
        foreach (Row row in rows) WriteImage(Path.Combine(_folder, row.File), row.Numbers);
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        AssertStockAgrees(data, _ml.Transforms.Conversion.MapValueToKey("Label", "Text")
            .Append(_ml.Transforms.LoadImages("Image", _folder, "File"))
            .Append(_ml.Transforms.ResizeImages("Image", 9, 8))
            .Append(_ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Append(new RandomClassifier { Feature = readsImages ? "Image" : "Pixels" })
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")));
    }

    [Theory]
    [InlineData("Text")]
    [InlineData("Number")]
    public void Readouts_score_equally_in_a_stock_application(string label)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Row.Draw(500, 3));
        AssertStockAgrees(data, _ml.Transforms.Conversion.MapValueToKey("Label", label)
            .Append(_ml.Transforms.EarlyReadout(
                new EarlyReadoutEstimator.Options
                {
                    FeatureColumnName = "Numbers",
                    Taps = [new(), new() { Stage = 2, Depth = 1, Width = 8 }],
                    Epochs = 2,
                }))
            .Append(_ml.Transforms.Concatenate("Score", "Readout2.Margin", "Score", "Readout1.Score", "Readout2.Score", "Readout1.Margin"))
            .Append(_ml.Transforms.CopyColumns("PredictedLabel", "Readout2.PredictedLabel"))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_over_raw_texts_scores_equally_in_a_stock_application(bool pairs)
    {
        string[] hard =
        [
            "", " \t\n", "a", new string('x', 37_000), string.Join(' ', Enumerable.Repeat("red blue", 4600)), "[SEP] [CLS] [PAD]",
            "caf\u00e9 CAFE\u0301",
            "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "\u4f60\u597d\u4e16\u754c", "\ud83d\ude00 \ud83c\udf0d red",
            "\u0000\u0001\u200b", "\ufffd", "$ + = < > ^ | ~ \u20ac",
        ];
        Row[] rows = Row.Draw(80, 3);
        foreach ((int i, Row row) in rows.Index()) row.Colour = i < hard.Length ? hard[i] : $"{row.Text} is {row.Colour}, number {i % 7}";
        rows[hard.Length].Colour = null!;
        foreach ((int i, Row row) in rows.Index()) row.File = i % 3 == 0 ? null! : i % 3 == 1 ? hard[i * 5 % hard.Length] : row.File;
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        AssertStockAgrees(data, _ml.Transforms.Conversion.MapValueToKey("Label", "Text")
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                TextColumnName = "Colour",
                SecondTextColumnName = pairs ? "File" : null,
                Network = { MaxTokens = 24, Encoder = { Layers = 2, Width = 16, Heads = 2 } },
                Optimizer = { Kind = OptimizerKind.AdamW, LearningRate = 5e-3 },
                Taps = [new()],
                BatchSize = 8,
                Epochs = 4,
            }))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void AssertStockAgrees(IDataView data, IEstimator<ITransformer> pipeline)
    {
        using var model = (TransformerChain<ITransformer>)Chain(pipeline.Fit(data));
        string zip = Path.Combine(_folder, "model.zip");
        string rows = Path.Combine(_folder, "rows.idv");
        string scores = Path.Combine(_folder, "scores.tsv");
        _ml.Model.Save(model, data.Schema, zip);
        using (FileStream stream = File.Create(rows)) _ml.Data.SaveAsBinary(data, stream);

        string[] loaded = StockApp.Run(_folder, zip, rows, scores);

        Assert.Contains("Microsoft.ML.OnnxTransformer", loaded);
        Assert.DoesNotContain(loaded, name => name.Contains("EarlyReadout", StringComparison.Ordinal)
            || name.Contains("Sieve", StringComparison.Ordinal) || name.Contains("orch", StringComparison.Ordinal));
        string[][] lines = [.. File.ReadLines(scores).Select(line => line.Split('\t'))];
        IDataView scored = model.Transform(data);
        float[][] expected = [.. scored.GetColumn<float[]>("Score")];
        uint[] labels = [.. scored.GetColumn<uint>("PredictedLabel")];
        string[] answers = [.. Answers(scored)];
        foreach (string how in new[] { "view", "rows" })
        {
            string[][] actual = [.. lines.Where(line => line[0] == how)];
            Assert.Equal(labels, actual.Select(line => uint.Parse(line[1], CultureInfo.InvariantCulture)));
            Assert.Equal(answers, actual.Select(line => line[2]));
            for (int i = 0; i < actual.Length; i++)
                Assert.All(
                    expected[i].Zip(actual[i].Skip(3)),
                    pair => Assert.Equal(pair.First, float.Parse(pair.Second, CultureInfo.InvariantCulture), 1e-6f));
        }

        Assert.True(labels.Distinct().Count() > 1, "The rows are no test: all have the same answer.");
    }

    /// <summary>A fitted pipeline as a chain of plain transformers, which is what owns and disposes them.</summary>
    private static ITransformer Chain(ITransformer fitted) => new TransformerChain<ITransformer>(fitted);

    private static IEnumerable<string> Answers(IDataView scored) => scored.Schema["Answer"].Type is TextDataViewType
        ? scored.GetColumn<string>("Answer")
        : scored.GetColumn<int>("Answer").Select(answer => answer.ToString(CultureInfo.InvariantCulture));

    private static void WriteImage(string path, float[] numbers)
    {
        const int side = 12;
        var random = new Random((int)(1000 * numbers[0]));
        var bytes = new byte[side * side * 4];
        random.NextBytes(bytes);
        for (int i = 0; i < bytes.Length; i += 4)
        {
            for (int channel = 0; channel < 3; channel++)
                bytes[i + channel] = (byte)(bytes[i + channel] / 4 + 30 * (numbers[channel + 1] + 3));
            bytes[i + 3] = 255;
        }

        using MLImage image = MLImage.CreateFromPixels(side, side, MLPixelFormat.Rgba32, bytes);
        image.Save(path);
    }

    private sealed class Row
    {
        [VectorType(4)]
        public float[] Numbers { get; set; } = [];

        public string Colour { get; set; } = "";

        public string Text { get; set; } = "";

        public int Number { get; set; }

        public string File { get; set; } = "";

        public static Row[] Draw(int count, int classes)
        {
            var random = new Random(11);
            string[] colours = ["red", "green", "blue"];
            return [.. Enumerable.Range(0, count).Select(i => new Row
            {
                Numbers = [.. Enumerable.Range(0, 4).Select(_ => 6 * random.NextSingle() - 3)],
                Colour = colours[random.Next(3)],
                Text = $"class {i % classes}",
                Number = 1000 + i % classes,
                File = $"{i}.png",
            })];
        }
    }
}
