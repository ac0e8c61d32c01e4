namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds models of ours in what stock ML.NET loads, and makes them whole again.</summary>
internal static class ModelLoading
{
    /// <summary>Loads the last model of ours in a file.</summary>
    /// <inheritdoc cref="EarlyReadoutTransformer.Load" path="/exception"/>
    public static EarlyReadoutTransformer Load(string path, MLContext ml)
    {
        string full = Path.GetFullPath(path);
        ModelHost host = ModelHost.Of(ml);
        ITransformer loaded = Guarded(full, () =>
        {
            using (FileStream zip = File.OpenRead(full))
            {
                if (!SavedModel.IsIn(zip))
                {
                    throw new InvalidDataException("It holds no model that this library has saved. mlContext.Model.Load loads models of "
                        + "other trainers; a file that should hold one was damaged.");
                }
            }

            return Stock(full, ml, host.Device);
        });
        EarlyReadoutTransformer? model = null;
        try
        {
            return model = Guarded(full, () => Find(loaded, () => host))
                ?? throw Unusable(full, "It holds no model that this library has saved.", null);
        }
        finally
        {
            Free(loaded, model);
        }
    }

    /// <summary>The last model of ours among transformers; <see langword="null"/> where there is none.</summary>
    /// <exception cref="InvalidDataException">A later version saved it, or it was damaged.</exception>
    public static EarlyReadoutTransformer? Find(ITransformer model, Func<ModelHost> host) => model switch
    {
        EarlyReadoutTransformer found => found,
        IEnumerable<ITransformer> chain => Whole(chain, host)
            ?? chain.Reverse().Select(part => Find(part, host)).OfType<EarlyReadoutTransformer>().FirstOrDefault(),
        _ => null,
    };

    /// <summary>The same transformers, with every model of ours in the place of the stock chain that was saved of it.</summary>
    public static ITransformer Restore(ITransformer model, Func<ModelHost> host)
    {
        if (model is not IEnumerable<ITransformer> chain) return model;
        if (Whole(chain, host) is { } whole) return whole;
        ITransformer[] parts = [.. chain], restored = [.. parts.Select(part => Restore(part, host))];
        return parts.SequenceEqual(restored) ? model : new Data.TransformerChain<ITransformer>(restored);
    }

    private static EarlyReadoutTransformer? Whole(IEnumerable<ITransformer> chain, Func<ModelHost> host) =>
        SavedModel.In(chain) is { } saved ? EarlyReadoutTransformer.Of(saved, host()) : null;

    private static ITransformer Stock(string path, MLContext ml, ScoringDevice device)
    {
        int? gpu = ml.GpuDeviceId;
        try
        {
            // ML.NET's own transformers do not fall back where ONNX Runtime was built without CUDA.
            if (device.Gpu is null) ml.GpuDeviceId = null;
            return ml.Model.Load(path, out _);
        }
        catch (Exception fault) when (fault is not (OutOfMemoryException or UnauthorizedAccessException or DirectoryNotFoundException))
        {
            throw new InvalidDataException($"ML.NET cannot load it: {fault.Message} Where the message names a type or an assembly, load it "
                + "in an application that has them, with the MLContext that knows them; otherwise the file was damaged.", fault);
        }
        finally
        {
            ml.GpuDeviceId = gpu;
        }
    }

    /// <summary>Names the file in what is wrong with it.</summary>
    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw Unusable(path, fault.Message, fault);
        }
    }

    private static InvalidDataException Unusable(string path, string what, Exception? fault) =>
        new($"'{path}' gives no model back. {what} "
            + "If it was damaged, copy it anew from where it was saved, or save the model again.", fault);

    /// <summary>Frees the native sessions of what ML.NET has loaded; not the stock parts that go on in the model.</summary>
    private static void Free(ITransformer loaded, EarlyReadoutTransformer? model)
    {
        if (ReferenceEquals(loaded, model)) return;
        if (loaded is IEnumerable<ITransformer> chain)
        {
            foreach (ITransformer part in chain) Free(part, model);
        }
        else if (loaded is Transforms.Onnx.OnnxTransformer session) session.Dispose();
    }
}
