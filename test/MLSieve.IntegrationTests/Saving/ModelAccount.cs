using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>All that a model can do, done with it on some rows, as text: two models of equal accounts are the same to a user.</summary>
internal static class ModelAccount
{
    /// <summary>Makes the account.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="pipeline">The pipeline that scores the rows.</param>
    /// <param name="model">The model in it.</param>
    /// <param name="rows">Labelled images as <see cref="Picture.View"/> gives them.</param>
    /// <param name="folder">A folder for files.</param>
    public static string Of(MLContext ml, ITransformer pipeline, EarlyReadoutTransformer model, IDataView rows, string folder)
    {
        var account = new StringBuilder();
        Tell("columns", $"{model.FeatureColumnName} {model.FeatureColumnType} {model.ScoreColumnName} {model.PredictedLabelColumnName}");
        Tell("classes", string.Join(", ", model.ClassNames));
        Tell("readouts", string.Join(", ", model.ReadoutNames));
        Tell("history", JsonSerializer.Serialize(model.History));
        Tell("training", JsonSerializer.Serialize(model.Training));
        IDataView scored = pipeline.Transform(rows);
        Tell("schema", string.Join(", ", scored.Schema.Select(column => $"{column.Name} {column.Type} {column.Annotations.Schema}")));
        Tell("scores", Numbers(scored.GetColumn<float[]>("Score").SelectMany(score => score)));
        foreach (string readout in model.ReadoutNames) Tell(readout, Numbers(scored.GetColumn<float>($"{readout}.Margin")));
        Tell("one by one", Numbers(OneByOne(model, rows)));
        Tell("groups", ml.MulticlassClassification.EvaluateByGroup(scored, "Cue").ToJson());
        Tell("readout profile", ml.MulticlassClassification.ProfileReadouts(scored, model.ReadoutNames).ToString()!);
        Tell("report", Hash(Encoding.UTF8.GetBytes(
            ml.MulticlassClassification.CreateReport(rows, [new("it", pipeline)], new() { GroupColumnName = "Cue" }).Html)));
        ITransformer maps = ml.Transforms.ClassActivationMap("Map", model).Fit(rows);
        Tell("maps", Numbers(maps.Transform(rows).GetColumn<float[]>("Map").SelectMany(map => map)));
        string graph = Path.Combine(folder, "graph.onnx"), weights = Path.Combine(folder, "weights.safetensors");
        model.SaveAsOnnx(graph);
        Tell("graph", OutputsOf(graph, [.. rows.GetColumn<float[]>("Pixels").Take(4).SelectMany(pixels => pixels)]));
        model.SaveWeights(weights);
        Tell("weights", Hash(File.ReadAllBytes(weights)));
        Tell("student", Numbers(Student(ml, pipeline, rows)));
        return account.ToString();

        void Tell(string what, string value) => account.Append(CultureInfo.InvariantCulture, $"{what}: {value}\n");
    }

    private static IEnumerable<float> OneByOne(ITransformer model, IDataView rows)
    {
        IRowToRowMapper mapper = model.GetRowToRowMapper(rows.Schema);
        DataViewSchema.Column score = mapper.OutputSchema["Score"];
        using DataViewRowCursor cursor = rows.GetRowCursor(mapper.GetDependencies([score]));
        using DataViewRow row = mapper.GetRow(cursor, [score]);
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(score);
        VBuffer<float> value = default;
        List<float> all = [];
        while (cursor.MoveNext())
        {
            getter(ref value);
            all.AddRange(value.DenseValues());
        }

        return all;
    }

    private static string OutputsOf(string graph, float[] pixels)
    {
        using var session = new InferenceSession(graph);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [4, 3, Picture.Side, Picture.Side]);
        using var options = new RunOptions();
        string[] names = [.. session.OutputNames.Order(StringComparer.Ordinal)];
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["Pixels"], [input], names);
        return string.Join(" ", names.Zip(outputs, (name, output) => $"{name} {Numbers(output.GetTensorDataAsSpan<float>().ToArray())}"));
    }

    private static IEnumerable<float> Student(MLContext ml, ITransformer teacher, IDataView rows)
    {
        var options = new DebiasedDistillationTrainer.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [4, 4] },
            Teacher = { Model = teacher },
            Epochs = 2,
            Seed = 3,
        };
        using EarlyReadoutTransformer student = ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(rows);
        return [.. student.Transform(rows).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    // Of the last digits, which the order of a graph's nodes may change, some are left out.
    private static string Numbers(IEnumerable<float> numbers) =>
        string.Join(" ", numbers.Select(number => number.ToString("G5", CultureInfo.InvariantCulture)));

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
