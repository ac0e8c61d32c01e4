using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Keeps the weights of the point with the highest validation figure; the earlier one wins a tie. Without figures it keeps the last
/// point's, for a training that diverges after it.
/// </summary>
internal sealed class BestNetwork(IReadOnlyList<nn.Module> modules) : IDisposable
{
    private ModuleSnapshot? _snapshot;

    /// <summary>The steps that the kept network has had; 0 before the first point.</summary>
    public long Step { get; private set; }

    /// <summary>Its validation figure, if there was one.</summary>
    public double? Score { get; private set; }

    /// <summary>The kept weights, for a checkpoint; <see langword="null"/> before the first point.</summary>
    public IEnumerable<(string Name, Tensor Tensor)>? State => _snapshot?.State;

    /// <summary>Keeps the weights as they are before the first step, unless a point's are kept already.</summary>
    public void Begin() => _snapshot ??= ModuleSnapshot.Of(modules);

    /// <returns>Whether this point is the best so far; never without a figure.</returns>
    public bool Update(long step, double? score)
    {
        if (score <= Score) return false;
        _snapshot?.Dispose();
        _snapshot = ModuleSnapshot.Of(modules);
        (Step, Score) = (step, score);
        return score is not null;
    }

    /// <summary>Goes on from what <see cref="State"/> gave.</summary>
    public void Load(long step, double? score, SafetensorsFile weights)
    {
        _snapshot?.Dispose();
        _snapshot = ModuleSnapshot.Of(modules);
        ModuleState.Load(weights, _snapshot.State);
        (Step, Score) = (step, score);
    }

    /// <summary>Puts the kept weights back.</summary>
    public void Restore() => _snapshot?.Restore();

    public void Dispose() => _snapshot?.Dispose();
}
