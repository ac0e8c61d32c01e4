namespace Microsoft.ML.EarlyReadout;

/// <summary>The ranks of this process for one fit. They meet once, and part when a fit fails; fits use them one after the other.</summary>
internal sealed class ProcessRanks : IDisposable
{
    private static readonly Lock _gate = new();
    private static RankGroup? _met;
    private static bool _isTaken;
    private bool _isOver;

    private ProcessRanks(RankGroup group, int localRank) => (Group, LocalRank) = (group, localRank);

    /// <summary>The ranks; those of one process where it trains on its own.</summary>
    public RankGroup Group { get; }

    /// <summary>This process among those of its machine, from 0.</summary>
    public int LocalRank { get; }

    /// <summary>The ranks that the environment says, or one process.</summary>
    /// <param name="distribution">The option.</param>
    /// <exception cref="DistributedTrainingException">The ranks do not meet.</exception>
    /// <exception cref="InvalidOperationException">Another fit of this process trains over them.</exception>
    public static ProcessRanks Take(Distribution distribution)
    {
        RankEnvironment? environment =
            distribution == Distribution.Off ? null : RankEnvironment.Read(Environment.GetEnvironmentVariable);
        if (environment is null) return new ProcessRanks(RankGroup.Single, 0);
        lock (_gate)
        {
            if (_isTaken)
            {
                throw new InvalidOperationException(
                    "Another fit of this process trains over its ranks. Fit one model after the other, or set Distribution to Off.");
            }

            _met ??= Meet(environment);
            _isTaken = true;
            return new ProcessRanks(_met, environment.LocalRank);
        }
    }

    private static RankGroup Meet(RankEnvironment environment)
    {
        string? name = Environment.GetEnvironmentVariable(NcclLibrary.Variable);
        NcclLibrary? nccl = string.IsNullOrEmpty(name) ? null : NcclLibrary.Load(name); // before others wait for this rank
        return NcclGroup.Over(new GlooGroup(environment), nccl);
    }

    /// <summary>Says that the fit has ended as it has in all other ranks.</summary>
    public void EndTogether() => _isOver = true;

    /// <summary>Gives the ranks back. Where the fit has not ended as in the others, they need not wait for this one.</summary>
    public void Dispose()
    {
        if (Group.IsSingle) return;
        if (!_isOver) Group.Leave();
        lock (_gate) _isTaken = false;
    }
}
