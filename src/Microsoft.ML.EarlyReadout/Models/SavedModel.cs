using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms.Onnx;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A model of ours in what stock ML.NET has loaded: the chain of stock transformers that <see cref="StockChain"/> saved.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Description">What the model says of itself.</param>
/// <param name="Weights">The trained weights.</param>
/// <param name="Head">The stock head.</param>
/// <param name="Margin">The stock margin; <see langword="null"/> where there are no readouts.</param>
internal sealed record SavedModel(
    ScoringGraph Graph, SavedDescription Description, TrainedWeights Weights, StockHead Head, StockMargin? Margin)
{
    private const string GraphEntry = "OnnxModel"; // the name that ML.NET's OnnxTransformer gives it in a zip

    /// <summary>A hash of the numbers of the stock parts.</summary>
    public static string HashOf(StockHead head, StockMargin? margin)
    {
        float[] numbers = [.. head.Shift, .. head.Scale, .. margin is null ? (float[])[] : [margin.Weight, margin.Shift]];
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(numbers)));
    }

    /// <summary>The model that a chain's own transformers make; <see langword="null"/> where they make none.</summary>
    /// <exception cref="InvalidDataException">A later version saved it, or it was damaged.</exception>
    public static SavedModel? In(IEnumerable<ITransformer> chain)
    {
        ITransformer[] parts = [.. chain];
        foreach (OnnxTransformer part in parts.OfType<OnnxTransformer>())
        {
            if (SavedGraph.Read(GraphOf(part)) is not { } saved) continue;
            try
            {
                return Of(parts, saved.Graph, saved.Description, saved.Weights);
            }
            catch (Exception fault) when (fault is not (OutOfMemoryException or InvalidDataException))
            {
                throw new InvalidDataException($"It does not fit together: {fault.Message}", fault);
            }
        }

        return null;
    }

    /// <summary>Looks at a zip before ML.NET loads it.</summary>
    /// <param name="zip">The zip.</param>
    /// <returns>Whether it has a model of ours.</returns>
    /// <exception cref="InvalidDataException">It is no zip, a later version saved it, or it was damaged.</exception>
    public static bool IsIn(Stream zip) => Graphs(zip).Any(graph => SavedGraph.Read(graph) is not null);

    private static SavedModel Of(ITransformer[] parts, byte[] bytes, SavedDescription description, TrainedWeights weights)
    {
        IPredictionTransformer<object>[] fitted = [.. parts.OfType<IPredictionTransformer<object>>()];
        IPredictionTransformer<object> head = fitted.Last(part => part.Model is MaximumEntropyModelParameters);
        var stock = StockHead.Over(head, (MaximumEntropyModelParameters)head.Model);
        IPredictionTransformer<object>? line = fitted.LastOrDefault(part => part.Model is LinearRegressionModelParameters);
        StockMargin? margin = line is null ? null : StockMargin.Over(line, (LinearRegressionModelParameters)line.Model);
        if (HashOf(stock, margin) != description.StockParts || stock.ClassNames?.SequenceEqual(description.ClassNames) == false)
            throw new InvalidDataException("Its stock transformers are not those that it was saved with: bytes were changed.");
        return new SavedModel(description.ToGraph(bytes), description, weights, stock, margin);
    }

    /// <summary>The bytes of a transformer's graph: it hands them out where it is saved, and nowhere else.</summary>
    private static byte[] GraphOf(OnnxTransformer transformer)
    {
        using var zip = new MemoryStream();
        new MLContext().Model.Save(transformer, null, zip);
        zip.Position = 0;
        return Graphs(zip).Single();
    }

    private static IEnumerable<byte[]> Graphs(Stream zip)
    {
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read, leaveOpen: true);
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.FullName.EndsWith(GraphEntry, StringComparison.Ordinal)))
        {
            using Stream stream = entry.Open();
            var length = new byte[sizeof(int)];
            stream.ReadExactly(length);
            int expected = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (expected < 0 || expected != entry.Length - sizeof(int))
                throw new InvalidDataException($"Its entry '{Excerpt.Of(entry.FullName)}' has another length than it says.");
            var graph = new byte[expected];
            stream.ReadExactly(graph);
            yield return graph;
        }
    }
}
