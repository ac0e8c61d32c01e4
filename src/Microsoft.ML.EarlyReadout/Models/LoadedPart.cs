using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Transforms.Onnx;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A part of a pipeline: the stock transformers that one model of ours was saved as, or one transformer of another
/// origin.</summary>
/// <param name="Transformers">The transformers.</param>
/// <param name="Graph">The graph of a model of ours; <see langword="null"/> for another transformer.</param>
/// <param name="Scope">What it is applied for.</param>
internal sealed record LoadedPart(ArraySegment<ITransformer> Transformers, SavedGraph? Graph, TransformerScope Scope)
{
    /// <summary>Whether it is a model of ours.</summary>
    public bool IsOurs => Graph is not null;

    /// <summary>Takes a pipeline apart.</summary>
    /// <param name="scoped">Its transformers, as <see cref="FlatPipeline"/> lists them.</param>
    /// <param name="graphs">The graphs of its ONNX transformers in their order, <see langword="null"/> for one of another origin, where
    /// they are known; else each is asked, which takes as long as to save it.</param>
    /// <exception cref="InvalidDataException">A later version saved a model in it, or it was damaged.</exception>
    public static IReadOnlyList<LoadedPart> Of(
        IReadOnlyList<(ITransformer Transformer, TransformerScope Scope)> scoped, IReadOnlyList<SavedGraph?>? graphs = null)
    {
        ITransformer[] all = [.. scoped.Select(each => each.Transformer)];
        List<LoadedPart> parts = [];
        int next = 0; // the first transformer that is in no part yet
        int seen = 0; // ONNX transformers
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i] is not OnnxTransformer onnx || (graphs is null ? GraphOf(onnx) : graphs[seen++]) is not { } graph) continue;
            (int before, int after) = graph.Description.Place;
            if (before < 0 || before > i - next || after < 0 || after >= all.Length - i)
                throw new InvalidDataException("Not all of the stock transformers that it was saved as are in the pipeline.");
            Others(i - before);
            parts.Add(new(new(all, next, before + 1 + after), graph, scoped[next].Scope));
            next += before + 1 + after;
        }

        Others(all.Length);
        return parts;

        void Others(int end)
        {
            for (; next < end; next++) parts.Add(new(new(all, next, 1), null, scoped[next].Scope));
        }
    }

    /// <summary>Makes the model of ours whole.</summary>
    /// <param name="host">What it takes from its context.</param>
    /// <exception cref="InvalidDataException">It was damaged.</exception>
    /// <exception cref="InvalidOperationException">It reads texts, and the process has no Unicode data to take accents off.</exception>
    public EarlyReadoutTransformer Restore(ModelHost host)
    {
        if (Graph!.Description.Tokenizer is { Lowercase: true }) BertNormalizer.CheckThatAccentsAreKnown(); // no fault of the model
        try
        {
            return EarlyReadoutTransformer.Of(SavedModel.Of(Graph!, Transformers), host);
        }
        catch (Exception fault) when (fault is not InvalidDataException && AllocationFailure.Of(fault) is null
            && !(fault is OnnxRuntimeException && host.Device.Gpu is not null)) // a GPU's fault is none of the file
        {
            throw new InvalidDataException($"It does not fit together: {fault.Message}", fault);
        }
    }

    /// <summary>A transformer hands out its graph where it is saved, and nowhere else.</summary>
    private static SavedGraph? GraphOf(OnnxTransformer transformer)
    {
        using var zip = new MemoryStream();
        new MLContext().Model.Save(transformer, null, zip);
        zip.Position = 0;
        return SavedGraph.Open(GraphEntries.Read(zip).Single());
    }
}
