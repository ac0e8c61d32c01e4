using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How much memory a batch takes, by and large.</summary>
/// <param name="Free">Bytes that are free.</param>
/// <param name="PerRow">Bytes that training takes for one row.</param>
internal sealed record BatchMemory(long Free, long PerRow)
{
    // For each number that a layer puts out: the number, which the backward pass reads, its gradient, and what operations need while they run.
    private const int Copies = 3;

    /// <summary>Rows that fit.</summary>
    public long Rows => Free / Math.Max(PerRow, 1);

    /// <summary>Measures by a forward pass of one row.</summary>
    /// <param name="network">The network, on its device.</param>
    /// <param name="rows">Gives the row.</param>
    /// <param name="freeOnDevice">What is known to be free on a GPU; <see langword="null"/>: the CPU's memory is looked up.</param>
    /// <returns><see langword="null"/> where there is not even memory for that.</returns>
    public static BatchMemory? Measure(StagedNetwork network, TrainingRows rows, long? freeOnDevice)
    {
        long bytes = 0;
        var unhook = new List<Action>();
        try
        {
            using IDisposable noGrad = no_grad();
            using DisposeScope scope = NewDisposeScope();
            foreach (nn.Module<Tensor, Tensor> layer in network.modules().OfType<nn.Module<Tensor, Tensor>>())
            {
                var hook = layer.register_forward_hook((_, _, output) =>
                {
                    bytes += output.numel() * output.element_size();
                    return output;
                });
                unhook.Add(hook.remove);
            }

            network.eval();
            network.call(rows.Set.Gather(rows.Rows.AsSpan(0, 1), network.parameters().First().device).Features);
            return new(freeOnDevice ?? FreeOnCpu(), bytes * Copies);
        }
        catch (ExternalException)
        {
            return null;
        }
        finally
        {
            foreach (Action remove in unhook) remove();
        }
    }

    private static long FreeOnCpu()
    {
        GC.Collect(); // the figures are those of the last collection
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        long free = Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes); // of the container, where there is one
        return OperatingSystem.IsLinux() && LibC.FreeAddressSpace() is { } addresses ? Math.Min(free, addresses) : free;
    }
}
