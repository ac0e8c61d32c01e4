using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Whether a fit is to stop: by the options' token, or by its context, which AutoML cancels at the end of its time.</summary>
/// <param name="token">The options' token.</param>
/// <param name="contextCancelled">Tells whether the context is cancelled; <see langword="null"/> where there is none.</param>
internal sealed class Cancellation(CancellationToken token, Func<bool>? contextCancelled = null)
{
    private bool _acknowledged;

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
    public bool IsRequested => !_acknowledged && (token.IsCancellationRequested || contextCancelled?.Invoke() == true);

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

    /// <summary>Throws if the fit is to stop, agreed or not.</summary>
    /// <exception cref="OperationCanceledException">It is.</exception>
    public void Throw()
    {
        if (_acknowledged) return;
        token.ThrowIfCancellationRequested();
        if (contextCancelled?.Invoke() == true) throw new OperationCanceledException("The MLContext's execution was cancelled.");
    }

    /// <summary>From here on <see cref="ThrowIfRequested"/> lets the fit finish.</summary>
    public void Acknowledge() => _acknowledged = true;
}
