using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Keeps the weights of the epoch with the highest validation figure; the earlier one wins a tie. Without figures the last epoch's stay.</summary>
internal sealed class BestEpoch(IReadOnlyList<nn.Module> modules) : IDisposable
{
    private ModuleSnapshot? _snapshot;
    private double _score = double.NegativeInfinity;

    /// <summary>The epoch that is kept, from 1; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <returns>Whether this epoch is the best so far.</returns>
    public bool Offer(int epoch, double? score)
    {
        if (score is null)
        {
            Epoch = epoch;
            return false;
        }

        if (score <= _score) return false;
        _snapshot?.Dispose();
        _snapshot = ModuleSnapshot.Of(modules);
        _score = score.Value;
        Epoch = epoch;
        return true;
    }

    /// <summary>Puts the kept epoch's weights back.</summary>
    public void Restore() => _snapshot?.Restore();

    public void Dispose() => _snapshot?.Dispose();
}
