using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How much memory one row takes in a network, by and large, and the shapes that it takes.</summary>
/// <param name="Training">Bytes in a training step.</param>
/// <param name="Evaluation">Bytes in a pass that needs no gradients.</param>
/// <param name="Taps">By stage, from 0: what one row is there, (1, C, H, W) or (1, D).</param>
/// <param name="Logits">What the network puts out for one row: (1, classes), unless it is a user's own and was built wrongly.</param>
internal sealed record Footprint(long Training, long Evaluation, IReadOnlyList<long[]> Taps, long[] Logits)
{
    // For each number that a layer puts out: the number, which the backward pass reads, its gradient, and what operations need while they
    // run.
    private const int TrainingCopies = 3;

    // Without gradients only what one layer reads, makes within and puts out is there at a time, and what operations need while they run.
    private const int EvaluationCopies = 2;

    /// <summary>That of a network which has not been measured.</summary>
    public static readonly Footprint Unknown = new(0, 0, [], []);

    /// <summary>Measures a network by a pass of one row.</summary>
    /// <param name="network">The network, on its device; it is left in evaluation mode.</param>
    /// <param name="rows">Gives the row.</param>
    public static Footprint Of(StagedNetwork network, TrainingRows rows)
    {
        var outermost = new HashSet<nn.Module>(network.Layers, ReferenceEqualityComparer.Instance);
        var shapes = new Dictionary<nn.Module, long[]>(ReferenceEqualityComparer.Instance);
        long all = 0, within = 0, read = 0, most = 0;
        long[] logits = [];
        Watch(network, (layer, output) =>
        {
            long bytes = BytesOf(output);
            all += bytes;
            within += bytes;
            if (!outermost.Contains(layer)) return;
            shapes[layer] = output.shape;
            most = Math.Max(most, read + within);
            (read, within) = (bytes, 0);
        }, () =>
        {
            Tensor row = rows.Set.Shape is TokenShape tokens
                ? ones([1, tokens.Length], ScalarType.Int32, DeviceOf(network)) // the longest there may be, not the one that comes first
                : rows.Set.Gather(rows.Indices.AsSpan(0, 1), DeviceOf(network)).Features;
            logits = network.ForwardFrom(network.Stages.Count, network.ForwardTo(network.Stages.Count, row)).shape;
        });
        IReadOnlyList<Layer>[] parts = [[network.Input, .. network.Stem], .. network.Stages.Select(stage => stage.Layers)];
        var taps = new List<long[]>();
        foreach (IReadOnlyList<Layer> layers in parts) taps.Add(layers.Count > 0 ? shapes[layers[^1]] : taps[^1]);
        return new Footprint(all * TrainingCopies, most * EvaluationCopies, taps, logits);
    }

    /// <summary>
    /// Bytes that a readout takes for one row in a pass that needs no gradients: nothing that it makes is let go of before its end.
    /// </summary>
    /// <param name="readout">The readout, on its device; it is left in the mode that it is in.</param>
    /// <param name="stage">The stage that it reads.</param>
    public long OfReadout(ReadoutHead readout, int stage)
    {
        bool training = readout.training;
        long bytes = 0;
        Watch(readout, (_, output) => bytes += BytesOf(output), () => readout.call(zeros(Taps[stage], float32, DeviceOf(readout))));
        readout.train(training);
        return bytes * EvaluationCopies;
    }

    private static long BytesOf(Tensor tensor) => tensor.numel() * tensor.element_size();

    private static Device DeviceOf(nn.Module module) => module.parameters().First().device;

    private static void Watch(nn.Module root, Action<nn.Module, Tensor> see, Action pass)
    {
        var unhook = new List<Action>();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        root.eval();
        try
        {
            foreach (Layer layer in LayerTree.Find<Layer>(root))
            {
                var hook = layer.register_forward_hook((_, _, output) =>
                {
                    see(layer, output);
                    return output;
                });
                unhook.Add(hook.remove);
            }

            pass();
        }
        finally
        {
            foreach (Action remove in unhook) remove();
        }
    }
}
