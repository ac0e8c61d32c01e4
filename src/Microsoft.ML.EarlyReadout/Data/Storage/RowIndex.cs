namespace Microsoft.ML.EarlyReadout;

/// <summary>Where rows lie that follow one another, from byte 0 on. As long as all are equally long it holds no list of them.</summary>
internal sealed class RowIndex
{
    private List<long>? _ends;
    private int _length;

    /// <summary>Rows so far.</summary>
    public long Count { get; private set; }

    /// <summary>Where the last row ends.</summary>
    public long End => _ends is null ? Count * _length : _ends[^1];

    /// <summary>Where a row lies.</summary>
    /// <param name="row">The row, from 0.</param>
    public (long Start, int Length) this[long row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Count, nameof(row));
            if (_ends is null)
                return (row * _length, _length);
            long start = row == 0 ? 0 : _ends[(int)row - 1];
            return (start, (int)(_ends[(int)row] - start));
        }
    }

    /// <summary>Gives back what room for further rows takes.</summary>
    public void EndWriting() => _ends?.TrimExcess();

    /// <summary>Adds a row.</summary>
    /// <param name="length">Its bytes.</param>
    public void Add(int length)
    {
        if (Count == 0)
        {
            _length = length;
        }
        else if (_ends is null && length != _length)
        {
            _ends = new List<long>(checked((int)Count + 1));
            for (long row = 1; row <= Count; row++)
                _ends.Add(row * _length);
        }
        _ends?.Add(End + length);
        Count++;
    }
}
