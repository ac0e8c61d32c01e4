using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Whether a fit is to stop: by the options' token, or by its context, which AutoML cancels at the end of its time.</summary>
/// <param name="token">The options' token.</param>
/// <param name="contextCancelled">Tells whether the context is cancelled; <see langword="null"/> where there is none.</param>
internal sealed class Cancellation(CancellationToken token, Func<bool>? contextCancelled = null)
{
    private bool _acknowledged;
    private OperationCanceledException? _thrown;

    /// <summary>
    /// Whether the fit has settled for the model that it has: nothing more is trained, and nothing stops what is left to do.
    /// </summary>
    public bool IsAcknowledged => _acknowledged;

    /// <summary>The token and the context of a fit.</summary>
    /// <remarks>
    /// ML.NET keeps the interface that tells of a context's cancellation internal, so it is read by name; a test pins it.
    /// </remarks>
    public static Cancellation Of(IHostEnvironment environment, CancellationToken token)
    {
        MethodInfo? isCanceled = environment.GetType()
            .GetInterface("Microsoft.ML.Runtime.ICancelable")?.GetProperty("IsCanceled")?.GetMethod;
        return new Cancellation(token, isCanceled?.CreateDelegate<Func<bool>>(environment));
    }

    public static implicit operator Cancellation(CancellationToken token) => new(token);

    /// <summary>Whether the fit is to stop.</summary>
    public bool IsRequested =>
        !_acknowledged && (_thrown is not null || token.IsCancellationRequested || contextCancelled?.Invoke() == true);

    /// <summary>Lets the fit stop where all processes that train together stop, for what was thrown in this one alone.</summary>
    /// <param name="thrown">What <see cref="Throw"/> throws then.</param>
    public void Request(OperationCanceledException thrown) => _thrown ??= thrown;

    /// <summary>Throws if the fit is to stop.</summary>
    /// <exception cref="OperationCanceledException">It is.</exception>
    public void ThrowIfRequested()
    {
        if (!IsAgreed) Throw();
    }

    /// <summary>From here on <see cref="ThrowIfRequested"/> does nothing: several processes stop at the same step, where they agree.
    /// </summary>
    public void AgreeBySteps() => IsAgreed = true;

    /// <summary>Whether several processes stop at the same step.</summary>
    public bool IsAgreed { get; private set; }

    /// <summary>Whether the fit was stopped, and in all processes that train together at the same step: none of them waits for another.
    /// </summary>
    public bool HasStopped { get; private set; }

    /// <summary>Stops the fit, as all processes that train together do at this step.</summary>
    /// <exception cref="OperationCanceledException">Always.</exception>
    public void Stop()
    {
        HasStopped = true;
        Throw();
        throw new OperationCanceledException("The training was cancelled in another rank.");
    }

    /// <summary>Throws if the fit is to stop, agreed or not.</summary>
    /// <exception cref="OperationCanceledException">It is.</exception>
    public void Throw()
    {
        if (_acknowledged) return;
        if (_thrown is not null) ExceptionDispatchInfo.Throw(_thrown);
        token.ThrowIfCancellationRequested();
        if (contextCancelled?.Invoke() == true) throw new OperationCanceledException("The MLContext's execution was cancelled.");
    }

    /// <summary>From here on <see cref="ThrowIfRequested"/> lets the fit finish.</summary>
    public void Acknowledge() => (_acknowledged, HasStopped) = (true, false);
}
