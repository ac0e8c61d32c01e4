using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>What Microsoft's own converter makes of a pipeline that ends in our classifier, and of the transforms before it.</summary>
public sealed class ConvertedPipelineTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void The_converted_transforms_and_the_network_are_one_graph_that_asks_for_no_label()
    {
        Row[] rows = Row.Draw(60);
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        var preparation = _ml.Transforms.Conversion.MapValueToKey("Label", "Answer")
            .Append(_ml.Transforms.Categorical.OneHotEncoding("PlaceVector", "Place"))
            .Append(_ml.Transforms.NormalizeMinMax("Numbers"))
            .Append(_ml.Transforms.Concatenate("Features", "PlaceVector", "Numbers"));
        ITransformer prepared = preparation.Fit(data);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(prepared.Transform(data));

        byte[] prefix = Convert(prepared, data);
        // The converter exports every column of the view.
        using (var alone = new InferenceSession(prefix)) Assert.Contains("Answer", alone.InputNames);
        using var joined = new MemoryStream();
        model.SaveAsOnnx(joined, prefix);
        // The wrong shape of PlaceVector0 is among them, of which ONNX Runtime warns ("Error merging shape info").
        Assert.NotEmpty(ModelProto.Parser.ParseFrom(prefix).Graph.ValueInfo);
        Assert.Empty(ModelProto.Parser.ParseFrom(joined.ToArray()).Graph.ValueInfo);

        using var session = new InferenceSession(joined.ToArray());
        Assert.Equal(["Numbers", "Place"], session.InputNames.Order(StringComparer.Ordinal));
        float[][] expected = [.. model.Transform(prepared.Transform(data)).GetColumn<float[]>("Score")];
        for (int i = 0; i < rows.Length; i++)
        {
            using OrtValue numbers = OrtValue.CreateTensorValueFromMemory(rows[i].Numbers, [1, rows[i].Numbers.Length]);
            using OrtValue place = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [1, 1]);
            place.StringTensorSetElementAt(rows[i].Place.AsSpan(), 0);
            using var run = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["Numbers", "Place"], [numbers, place], ["Score"]);
            float[] scores = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            Assert.All(expected[i].Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    /// <summary>docs/deployment.md warns of this, because no public API can stop it; once it no longer holds, the page can be
    /// shorter.</summary>
    [Fact]
    public void The_converter_leaves_the_network_out_of_a_whole_pipeline()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Row.Draw(60));
        ITransformer pipeline = _ml.Transforms.Conversion.MapValueToKey("Label", "Answer")
            .Append(_ml.Transforms.NormalizeMinMax("Features", "Numbers"))
            .Append(new RandomClassifier()).Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
        using var session = new InferenceSession(Convert(pipeline, data));
        Assert.Contains("Score", session.InputNames);
        ((IDisposable)pipeline).Dispose();
    }

    private byte[] Convert(ITransformer transformer, IDataView data)
    {
        using var stream = new MemoryStream();
        _ml.Model.ConvertToOnnx(transformer, data, stream);
        return stream.ToArray();
    }

    private sealed class Row
    {
        [VectorType(3)]
        public float[] Numbers { get; set; } = [];

        public string Place { get; set; } = "";

        public string Answer { get; set; } = "";

        public static Row[] Draw(int count)
        {
            var random = new Random(4);
            return [.. Enumerable.Range(0, count).Select(i => new Row
            {
                Numbers = [.. Enumerable.Range(0, 3).Select(_ => 10 * random.NextSingle() - 5)],
                Place = $"place {random.Next(4)}",
                Answer = $"class {i % 3}",
            })];
        }
    }
}
