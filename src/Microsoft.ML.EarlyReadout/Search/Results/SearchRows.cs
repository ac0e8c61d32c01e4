namespace Microsoft.ML.EarlyReadout;

/// <summary>The rows of a search, which all its runs share: each view is packed once.</summary>
/// <param name="train">The training rows.</param>
/// <param name="validation">The validation rows.</param>
internal sealed class SearchRows(IDataView train, IDataView validation) : IDisposable
{
    private readonly PackedView _training = new(train);
    private readonly PackedView _validation = new(validation);
    private bool _isDisposed;

    /// <summary>The training rows.</summary>
    public IDataView Training => _training;

    /// <summary>The validation rows.</summary>
    public IDataView Validation => _validation;

    /// <summary>A view as it is packed, where it is the search's own.</summary>
    public IDataView Packed(IDataView view) => ReferenceEquals(view, train) ? _training : view;

    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, typeof(SearchResult));

    public void Dispose()
    {
        _isDisposed = true;
        _training.Dispose();
        _validation.Dispose();
    }
}
