namespace Microsoft.ML.EarlyReadout;

/// <summary>The ranks of this process for one fit. They meet once, and part when a fit fails; fits use them one after the other.</summary>
internal sealed class ProcessRanks : IDisposable
{
    private static readonly Lock _gate = new();
    private static RankGroup? _met;
    private static string? _whyNotMet;
    private static bool _isTaken;
    private bool _isOver;

    private ProcessRanks(RankGroup group, int localRank) => (Group, LocalRank) = (group, localRank);

    /// <summary>The ranks; those of one process where it trains on its own.</summary>
    public RankGroup Group { get; }

    /// <summary>This process among those of its machine, from 0.</summary>
    public int LocalRank { get; }

    /// <summary>The ranks that the environment says, or one process.</summary>
    /// <param name="distribution">The option.</param>
    /// <param name="cancellation">Ends the wait for the others.</param>
    /// <exception cref="DistributedTrainingException">The ranks do not meet, or have not when a fit asked for it before.</exception>
    /// <exception cref="InvalidOperationException">Another fit of this process trains over them.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled meanwhile.</exception>
    public static ProcessRanks Take(Distribution distribution, Cancellation cancellation)
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

            _isTaken = true;
        }

        try
        {
            return new ProcessRanks(_met ??= MeetOnce(environment, cancellation), environment.LocalRank);
        }
        catch
        {
            lock (_gate) _isTaken = false;
            throw;
        }
    }

    private static RankGroup MeetOnce(RankEnvironment environment, Cancellation cancellation)
    {
        if (_whyNotMet is not null)
        {
            throw new DistributedTrainingException(
                $"The ranks did not meet when a fit of this process asked for it before: {_whyNotMet} Start all ranks again, or set "
                    + "Distribution to Off.");
        }

        try
        {
            return Meet(environment, cancellation);
        }
        catch (Exception fault)
        {
            _whyNotMet = fault.Message;
            throw;
        }
    }

    private static RankGroup Meet(RankEnvironment environment, Cancellation cancellation)
    {
        string? name = Environment.GetEnvironmentVariable(NcclLibrary.Variable);
        NcclLibrary? nccl = string.IsNullOrEmpty(name) ? null : NcclLibrary.Load(name); // before others wait for this rank
        return NcclGroup.Over(new GlooGroup(environment, cancellation), nccl);
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
