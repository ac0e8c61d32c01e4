using Microsoft.ML.EarlyReadout;
using TorchSharp;
using Xunit;

namespace MLSieve.Tests;

/// <summary>Asserts that the thread holds as many native tensors when it is disposed as when it was started: <c>using var check = NativeLeakCheck.Start();</c></summary>
/// <remarks>
/// Tests run side by side, so it counts what its own thread made and disposed: start and dispose it on one thread, without await in between.
/// A tensor that only its finalizer frees counts as leaked. (Tensor.TotalCount would not do: it also counts a tensor that became a Parameter for ever.)
/// </remarks>
public sealed class NativeLeakCheck : IDisposable
{
    private readonly long _before;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    private NativeLeakCheck() => _before = Live;

    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    /// <summary>Notes how many tensors live now.</summary>
    public static NativeLeakCheck Start()
    {
        NativeBackend.EnsureLoaded();
        return new();
    }

    /// <summary>Compares.</summary>
    public void Dispose()
    {
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
        long leaked = Live - _before;
        Assert.True(leaked == 0, $"{leaked} more native tensors live than at the start of the check; each must end in a dispose scope or a using.");
    }
}
