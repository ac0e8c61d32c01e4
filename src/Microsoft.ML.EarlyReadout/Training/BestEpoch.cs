using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Keeps the weights of the epoch with the highest validation figure; the earlier one wins a tie. Without figures it keeps the last whole epoch's, for a training that
/// diverges in the next.
/// </summary>
internal sealed class BestEpoch(IReadOnlyList<nn.Module> modules) : IDisposable
{
    private ModuleSnapshot? _snapshot;

    /// <summary>The epoch that is kept, from 1; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <summary>Its validation figure, if there was one.</summary>
    public double? Score { get; private set; }

    /// <summary>The kept weights, for a checkpoint; <see langword="null"/> before the first epoch.</summary>
    public IEnumerable<(string Name, Tensor Tensor)>? State => _snapshot?.State;

    /// <summary>Keeps the weights as they are before the first epoch, unless an epoch's are kept already.</summary>
    public void Begin() => _snapshot ??= ModuleSnapshot.Of(modules);

    /// <returns>Whether this epoch is the best so far; never without a figure.</returns>
    public bool Offer(int epoch, double? score)
    {
        if (score <= Score) return false;
        _snapshot?.Dispose();
        _snapshot = ModuleSnapshot.Of(modules);
        (Epoch, Score) = (epoch, score);
        return score is not null;
    }

    /// <summary>Goes on from what <see cref="State"/> gave.</summary>
    public void Load(int epoch, double? score, SafetensorsFile weights)
    {
        _snapshot?.Dispose();
        _snapshot = ModuleSnapshot.Of(modules);
        ModuleState.Load(weights, _snapshot.State);
        (Epoch, Score) = (epoch, score);
    }

    /// <summary>Puts the kept epoch's weights back.</summary>
    public void Restore() => _snapshot?.Restore();

    public void Dispose() => _snapshot?.Dispose();
}
