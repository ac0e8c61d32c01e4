using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Frees native objects once their owner has disposed them and the last call that uses them has returned: never under a running
/// call.</summary>
/// <remarks>A <see cref="SafeHandle"/> without a handle: what is borrowed is its count of users, which the runtime keeps free of races. It
/// has no finalizer of its own, because
/// what it frees has.</remarks>
internal sealed class SharedLifetime : SafeHandle
{
    private readonly IDisposable[] _owned;

    /// <param name="owned">Freed in this order.</param>
    public SharedLifetime(params IDisposable[] owned)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        _owned = owned;
        SetHandle(0);
        GC.SuppressFinalize(this);
    }

    public override bool IsInvalid => false;

    /// <summary>Keeps the objects alive until the returned use is disposed.</summary>
    /// <exception cref="ObjectDisposedException">Their owner has disposed them.</exception>
    public Use Enter()
    {
        bool entered = false;
        try
        {
            DangerousAddRef(ref entered);
        }
        catch (ObjectDisposedException)
        {
            throw Disposed();
        }

        return new Use(this);
    }

    /// <summary>The fault of using a transformer that was disposed.</summary>
    public static ObjectDisposedException Disposed() => new(
        "EarlyReadoutTransformer",
        "The model was disposed. A PredictionEngine disposes its model with itself unless PredictionEngineOptions.OwnsTransformer is "
        + "false. What Transform returns is scored when it is read: dispose the model after that.");

    protected override bool ReleaseHandle()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
        return true;
    }

    /// <summary>One use.</summary>
    public readonly struct Use(SharedLifetime lifetime) : IDisposable
    {
        public void Dispose() => lifetime.DangerousRelease();
    }
}
