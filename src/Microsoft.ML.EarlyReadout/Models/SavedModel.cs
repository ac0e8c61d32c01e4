using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A model of ours in what stock ML.NET has loaded: the stock transformers that <see cref="StockChain"/> saved.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Description">What the model says of itself.</param>
/// <param name="Weights">The trained weights.</param>
/// <param name="Head">The stock head.</param>
/// <param name="Margin">The stock margin; <see langword="null"/> where there are no readouts.</param>
internal sealed record SavedModel(
    ScoringGraph Graph, SavedDescription Description, TrainedWeights Weights, StockHead Head, StockMargin? Margin)
{
    /// <summary>A hash of the numbers of the stock parts.</summary>
    public static string HashOf(StockHead head, StockMargin? margin)
    {
        float[] numbers = [.. head.Shift, .. head.Scale, .. margin is null ? (float[])[] : [margin.Weight, margin.Shift]];
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(numbers)));
    }

    /// <summary>The model that transformers make.</summary>
    /// <param name="graph">Their graph.</param>
    /// <param name="parts">The stock transformers that the model was saved as, and no other.</param>
    /// <exception cref="InvalidDataException">They are others.</exception>
    public static SavedModel Of(SavedGraph graph, IEnumerable<ITransformer> parts)
    {
        IPredictionTransformer<object>[] fitted = [.. parts.OfType<IPredictionTransformer<object>>()];
        IPredictionTransformer<object> head = fitted.Last(part => part.Model is MaximumEntropyModelParameters);
        var stock = StockHead.Over(head, (MaximumEntropyModelParameters)head.Model);
        IPredictionTransformer<object>? line = fitted.LastOrDefault(part => part.Model is LinearRegressionModelParameters);
        StockMargin? margin = line is null ? null : StockMargin.Over(line, (LinearRegressionModelParameters)line.Model);
        SavedDescription description = graph.Description;
        if (HashOf(stock, margin) != description.StockParts || stock.ClassNames?.SequenceEqual(description.ClassNames) == false)
            throw new InvalidDataException("Its stock transformers are not those that it was saved with: bytes were changed.");
        return new SavedModel(graph.Graph(), description, graph.Weights(), stock, margin);
    }
}
