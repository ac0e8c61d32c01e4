namespace MLSieve.Tests;

/// <summary>Tells whether so many threads were at one place at once: the first to come wait for the others, once.</summary>
/// <param name="threads">How many.</param>
/// <param name="wait">How long one waits; by default longer than any machine takes.</param>
internal sealed class Meeting(int threads, TimeSpan? wait = null)
{
    private readonly TaskCompletionSource _held = new();
    private int _present;
    private int _came;
    private volatile bool _isLate; // somebody has waited long enough for all

    /// <summary>How often one came.</summary>
    public int Came => Volatile.Read(ref _came);

    /// <summary>Whether all were there at once.</summary>
    public bool WasHeld => _held.Task.IsCompleted;

    /// <summary>Comes, and waits for the others where they have not met yet.</summary>
    public void Come()
    {
        Interlocked.Increment(ref _came);
        if (Interlocked.Increment(ref _present) == threads) _held.TrySetResult();
        if (!_isLate && !_held.Task.Wait(wait ?? TimeSpan.FromSeconds(30))) _isLate = true;
        Interlocked.Decrement(ref _present);
    }
}
