using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Onnx;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds models of ours in what stock ML.NET loads, and makes them whole again.</summary>
internal static class ModelLoading
{
    /// <summary>Loads the last model of ours in a file.</summary>
    /// <inheritdoc cref="EarlyReadoutTransformer.Load" path="/exception"/>
    public static EarlyReadoutTransformer Load(string path, MLContext ml) =>
        Load(path, ml, (parts, host) => parts.LastOrDefault(part => part.IsOurs)?.Restore(host) ?? throw NoModel());

    /// <summary>Loads a file, and restores the models of ours in it.</summary>
    /// <inheritdoc cref="EarlyReadoutTransformer.Load" path="/exception"/>
    public static ITransformer Restore(string path, MLContext ml) => Load(path, ml, Restore);

    /// <summary>The last model of ours in a pipeline; <see langword="null"/> where there is none.</summary>
    /// <exception cref="InvalidDataException">A later version saved it, or it was damaged.</exception>
    public static EarlyReadoutTransformer? Find(ITransformer pipeline, Func<ModelHost> host)
    {
        (ITransformer Transformer, TransformerScope Scope)[] all = [.. FlatPipeline.Scoped(pipeline)];
        // What stands before a whole model cannot hold the last one.
        int whole = Array.FindLastIndex(all, part => part.Transformer is EarlyReadoutTransformer);
        return LoadedPart.Of(all[(whole + 1)..]).LastOrDefault(part => part.IsOurs) is { } saved ? saved.Restore(host())
            : whole < 0 ? null
            : (EarlyReadoutTransformer)all[whole].Transformer;
    }

    /// <summary>The same transformers in the same scopes, with every model of ours in the place of the stock transformers that were saved
    /// of it.</summary>
    /// <exception cref="InvalidDataException">A later version saved one, or it was damaged.</exception>
    public static ITransformer Restore(ITransformer pipeline, Func<ModelHost> host)
    {
        IReadOnlyList<LoadedPart> parts = LoadedPart.Of([.. FlatPipeline.Scoped(pipeline)]);
        return parts.Any(part => part.IsOurs) ? Restore(parts, host()) : pipeline;
    }

    private static ITransformer Restore(IReadOnlyList<LoadedPart> parts, ModelHost host)
    {
        List<ITransformer> restored = [];
        try
        {
            foreach (LoadedPart part in parts) restored.Add(part.IsOurs ? part.Restore(host) : part.Transformers[0]);
        }
        catch
        {
            foreach ((LoadedPart part, ITransformer made) in parts.Zip(restored))
                if (part.IsOurs) ((EarlyReadoutTransformer)made).Dispose();
            throw;
        }

        return restored is [var only] && parts[0].Scope == TransformerScope.Everything
            ? only : new TransformerChain<ITransformer>(restored, parts.Select(part => part.Scope));
    }

    /// <summary>Loads a file by ML.NET and makes something of it; the native sessions of what does not go on in it are freed.</summary>
    private static T Load<T>(string path, MLContext ml, Func<IReadOnlyList<LoadedPart>, ModelHost, T> make)
        where T : class, ITransformer
    {
        string full = Path.GetFullPath(path);
        ModelHost host = ModelHost.Of(ml);
        (ITransformer Transformer, TransformerScope Scope)[] loaded = [];
        T? made = null;
        try
        {
            SavedGraph?[] graphs;
            using (FileStream zip = Open(full))
            {
                // before ML.NET loads it: ONNX Runtime shall see no graph that was damaged
                graphs = [.. GraphEntries.Read(zip).Select(SavedGraph.Open)];
            }

            if (graphs.All(graph => graph is null)) throw NoModel();
            loaded = [.. FlatPipeline.Scoped(Stock(full, ml, host.Device))];
            // none is within a transformer of another library
            bool all = graphs.Length == loaded.Count(part => part.Transformer is OnnxTransformer);
            return made = make(LoadedPart.Of(loaded, all ? graphs : null), host);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"'{full}' gives no model back. {fault.Message} "
                + "If it was damaged, copy it anew from where it was saved, or save the model again.", fault);
        }
        finally
        {
            HashSet<ITransformer> kept = made is null ? [] : [.. FlatPipeline.Of(made)];
            foreach ((ITransformer part, _) in loaded)
                if (part is OnnxTransformer session && !kept.Contains(session)) session.Dispose();
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (UnauthorizedAccessException fault) // of a folder too
        {
            throw new IOException($"Cannot read '{path}': {fault.Message}", fault);
        }
    }

    private static ITransformer Stock(string path, MLContext ml, ScoringDevice device)
    {
        int? gpu = ml.GpuDeviceId;
        try
        {
            // ML.NET's own transformers do not fall back where ONNX Runtime was built without CUDA.
            if (device.Gpu is null) ml.GpuDeviceId = null;
            return ml.Model.Load(path, out _);
        }
        catch (Exception fault) when (OfTheDisk(fault) is { } cause)
        {
            throw new IOException(
                $"ML.NET cannot load '{path}' by way of its temporary folder: {cause.Message} {TemporaryFolder.Advice}", fault);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            throw new InvalidDataException($"ML.NET cannot load it: {fault.Message} Where the message names a type or an assembly, load it "
                + "in an application that has them, with the MLContext that knows them; otherwise the file was damaged.", fault);
        }
        finally
        {
            ml.GpuDeviceId = gpu;
        }
    }

    // The file itself has been read by then. What fails while ML.NET makes an object comes wrapped, and an assembly that is missing or a
    // file that ends too early is an IOException as well.
    private static Exception? OfTheDisk(Exception fault) =>
        fault.GetBaseException() is var cause && TemporaryFolder.IsFault(cause)
            && cause is not (EndOfStreamException or FileNotFoundException or FileLoadException) ? cause : null;

    private static InvalidDataException NoModel() => new("It holds no model that this library has saved. mlContext.Model.Load loads models "
        + "of other trainers; a file that should hold one was damaged.");
}
