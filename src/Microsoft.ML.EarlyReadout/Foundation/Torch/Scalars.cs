using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Constants for tensor operations that live as long as the process.</summary>
/// <remarks>
/// TorchSharp hands a Scalar's native handle over and keeps nothing alive: a garbage collection at that moment frees the number while
/// libtorch reads it. A C# number that converts itself makes just such a Scalar. So every operation takes one of these.
/// </remarks>
/// <threadsafety>All members are thread-safe.</threadsafety>
[Experimental(ExperimentalId.OwnMethod)]
public static class Scalars
{
    private static readonly ConcurrentDictionary<double, Scalar> _real = new();
    private static readonly ConcurrentDictionary<long, Scalar> _whole = new();

    // In this order: making a Scalar calls into the native library.
    static Scalars()
    {
        NativeBackend.EnsureLoaded();
        Zero = Whole(0);
        One = Whole(1);
        MinusOne = Whole(-1);
    }

    /// <summary>0, an integer, which leaves a tensor's type as it is.</summary>
    public static Scalar Zero { get; }

    /// <summary>1, an integer, which leaves a tensor's type as it is.</summary>
    public static Scalar One { get; }

    /// <summary>−1, an integer, which leaves a tensor's type as it is.</summary>
    public static Scalar MinusOne { get; }

#pragma warning disable RS0030 // the one place that makes Scalars, and keeps them
    /// <summary>
    /// A constant of a run, such as a rate. It is kept for ever: never call this with a number that changes from step to step.
    /// </summary>
    public static Scalar Of(double value) => _real.GetOrAdd(value, number => number.ToScalar());

    /// <summary>A whole constant of a run, such as a class index. It is kept for ever.</summary>
    public static Scalar Whole(long value) => _whole.GetOrAdd(value, number => number.ToScalar());

    /// <summary>
    /// A number that changes from step to step. The caller disposes it after the call that reads it, which is what keeps it alive so long.
    /// </summary>
    public static Scalar Passing(double value) => value.ToScalar();
#pragma warning restore RS0030
}
