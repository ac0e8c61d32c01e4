namespace Microsoft.ML.EarlyReadout;

/// <summary>A run that a worker of this process holds the claim to.</summary>
/// <param name="claim">The claim.</param>
/// <param name="stop">Stops the search.</param>
internal sealed class ClaimedRun(RunClaim claim, CancellationToken stop) : IDisposable
{
    private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(stop);

    /// <summary>The claim.</summary>
    public RunClaim Claim => claim;

    /// <summary>Stops the training at its next step, after a checkpoint.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the run is no longer this worker's.</summary>
    public bool IsLost { get; private set; }

    /// <summary>When the claim was made or renewed last.</summary>
    public long RenewedAt { get; set; } = Environment.TickCount64;

    /// <summary>Stops the training: it waits for others, or nobody needs it.</summary>
    public void Pause() => _source.Cancel();

    /// <summary>Stops the training: the run is another's, or its trial is stopped.</summary>
    public void Lose()
    {
        IsLost = true;
        _source.Cancel();
    }

    public void Dispose() => _source.Dispose();
}
