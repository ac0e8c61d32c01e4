using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A model as bytes, which are the same where two trainings came to the same bits.</summary>
internal static class ModelBytes
{
    /// <summary>The bytes of a model's graph.</summary>
    public static byte[] Of(EarlyReadoutTransformer model)
    {
        using var stream = new MemoryStream();
        model.SaveAsOnnx(stream);
        return stream.ToArray();
    }
}
