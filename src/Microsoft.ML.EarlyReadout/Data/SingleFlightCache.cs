using System.Collections.Concurrent;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Values that are made once for all who ask: the first one makes it, and others wait for it. Where making fails or is cancelled, the next
/// one makes it anew.
/// </summary>
/// <threadsafety>Thread-safe. Values of different keys are made side by side.</threadsafety>
internal sealed class SingleFlightCache<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(50); // a context tells of its cancellation only when asked

    private readonly ConcurrentDictionary<TKey, Place> _places = new();

    /// <summary>The value of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="make">Makes the value, where there is none yet.</param>
    /// <param name="cancellation">Ends the waiting for another's making.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TValue Get(TKey key, Func<TValue> make, Cancellation cancellation)
    {
        Place place = _places.GetOrAdd(key, _ => new Place());
        while (!place.Making.TryEnter(_glance)) cancellation.ThrowIfRequested();
        try
        {
            return place.Value ??= make();
        }
        finally
        {
            place.Making.Exit();
        }
    }

    /// <summary>Lets go of all values.</summary>
    public void Clear() => _places.Clear();

    private sealed class Place
    {
        public Lock Making { get; } = new();

        public TValue? Value { get; set; }
    }
}
