namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What the fits over one view have made of it, each once: its packed rows, for each way of packing, and what else they keep with them.
/// </summary>
/// <threadsafety>Thread-safe. <see cref="Dispose"/> lets fits that have a set finish with it.</threadsafety>
internal sealed class PackedSets : IDisposable
{
    private readonly SingleFlightCache<Packing, TrainingSet> _sets = new();
    private readonly SingleFlightCache<(Type Type, string Name), object> _kept = new();
    private readonly Lock _lock = new();
    private readonly List<TrainingSet> _owned = [];
    private MemoryBudget? _budget;
    private bool _isDisposed;

    /// <summary>The rows as they are packed one way. The caller disposes its share of them.</summary>
    /// <param name="packing">The way.</param>
    /// <param name="read">Reads them, where nobody has; it is given the budget of all sets.</param>
    /// <param name="budget">The budget of all sets, unless a fit before has given one.</param>
    /// <param name="cancellation">Ends the waiting for another's reading.</param>
    /// <exception cref="ObjectDisposedException">The sets were disposed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TrainingSet Share(Packing packing, Func<MemoryBudget, TrainingSet> read, MemoryBudget budget, Cancellation cancellation)
    {
        TrainingSet set = _sets.Get(packing, () => Own(read(First(budget))), cancellation);
        lock (_lock)
        {
            ThrowIfDisposed();
            return set.Share();
        }
    }

    /// <summary>What a fit makes of the view's schema alone, and later fits take over.</summary>
    /// <param name="name">Tells it from others of its type.</param>
    /// <param name="make">Makes it, where nobody has.</param>
    /// <param name="cancellation">Ends the waiting for another's making.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public T GetOrCreate<T>(string name, Func<T> make, Cancellation cancellation) where T : class =>
        (T)_kept.Get((typeof(T), name), make, cancellation);

    /// <summary>Frees the sets that no fit uses any more, and each other one with its last fit.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (TrainingSet set in _owned) set.Dispose();
            _owned.Clear();
        }

        _sets.Clear();
        _kept.Clear();
    }

    private MemoryBudget First(MemoryBudget budget)
    {
        lock (_lock)
        {
            ThrowIfDisposed(); // before the rows are read in vain
            return _budget ??= budget;
        }
    }

    private TrainingSet Own(TrainingSet set)
    {
        lock (_lock)
        {
            if (_isDisposed) set.Dispose();
            ThrowIfDisposed();
            _owned.Add(set);
            return set;
        }
    }

    private void ThrowIfDisposed()
    {
        if (!_isDisposed) return;
        throw new ObjectDisposedException(nameof(PackedView),
            "The packed rows of this view were disposed. Fit on the view that it was made of.");
    }
}
