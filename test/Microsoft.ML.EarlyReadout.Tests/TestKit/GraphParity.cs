using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Compares a network with what <see cref="OnnxExporter"/> wrote of it.</summary>
internal static class GraphParity
{
    /// <summary>Compares their logits.</summary>
    /// <param name="network">The network; it is put in evaluation mode meanwhile.</param>
    /// <param name="session">A session on its graph.</param>
    /// <param name="rows">A batch as stored.</param>
    /// <param name="tolerance">The largest difference allowed, relative to the logit where that is above 1.</param>
    public static void Verify(StagedNetwork network, InferenceSession session, Tensor rows, double tolerance = 1e-4) =>
        ParityCheck.Verify(network, batch => Run(session, batch), rows, tolerance);

    private static float[] Run(InferenceSession session, Tensor rows)
    {
        using OrtValue input = session.InputMetadata.Values.Single().ElementType == typeof(int)
            ? OrtValue.CreateTensorValueFromMemory(rows.to(ScalarType.Int32).data<int>().ToArray(), rows.shape)
            : OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], [OnnxExporter.LogitsName]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
