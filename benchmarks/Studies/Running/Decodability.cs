using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>How well a class can be told, by logistic regression, from what each stage of a trained network puts out.</summary>
internal static class Decodability
{
    /// <summary>Fits a decoder a stage.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="model">The trained model of a <see cref="DecodableConvNet"/>; it stays as it is.</param>
    /// <param name="stages">The network's stages.</param>
    /// <param name="train">Rows to fit decoders to: the model's feature column, and the class as the key Label.</param>
    /// <param name="test">Other rows likewise.</param>
    /// <returns>The accuracy on the other rows, by stage.</returns>
    public static IReadOnlyList<double> Of(MLContext ml, EarlyReadoutTransformer model, int stages, IDataView train, IDataView test)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.onnx");
        try
        {
            model.SaveAsOnnx(file);
            string[] outputs = [.. Enumerable.Range(1, stages).Select(DecodableConvNet.Output)];
            ITransformer network = ml.Transforms.ApplyOnnxModel(outputs, [model.FeatureColumnName], file).Fit(train);
            using var session = network as IDisposable;
            IDataView trained = Read(train), tested = Read(test);
            return [.. outputs.Select(output => Accuracy(ml, output, trained, tested))];

            IDataView Read(IDataView rows)
            {
                IDataView read = network.Transform(rows);
                return ml.Data.Cache(ml.Transforms.SelectColumns([.. outputs, "Label"]).Fit(read).Transform(read));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static double Accuracy(MLContext ml, string output, IDataView train, IDataView test)
    {
        IEstimator<ITransformer> decoder = ml.Transforms.NormalizeMeanVariance(output)
            .Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: output));
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(decoder.Fit(train).Transform(test));
        return metrics.MicroAccuracy;
    }
}
