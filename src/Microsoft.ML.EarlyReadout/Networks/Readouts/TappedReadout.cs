using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A readout in its place.</summary>
/// <param name="Name">What it is called in columns and messages.</param>
/// <param name="Stage">The stage that it taps; 0 is what stage 1 reads.</param>
/// <param name="Head">The classifier; it ends with this.</param>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record TappedReadout(string Name, int Stage, ReadoutHead Head) : IDisposable
{
    /// <summary>Bytes that it takes for one row in a pass that needs no gradients.</summary>
    internal long RowBytes { get; init; }

    /// <summary>Disposes the head.</summary>
    public void Dispose() => Head.Dispose();
}
