namespace Microsoft.ML.EarlyReadout;

/// <summary>Values that are copied by assignment: numbers, keys, text.</summary>
internal sealed class ScalarBuffer<T>(ValueGetter<T> source, int slots) : ColumnBuffer
{
    private readonly T[] _values = new T[slots];

    public override void Fill(int slot) => source(ref _values[slot]);

    public T Value(int slot) => _values[slot];

    public override ValueGetter<T> Getter(Func<Place> place) => (ref T value) =>
    {
        Place at = place();
        value = ((ScalarBuffer<T>)at.Buffer)._values[at.Slot];
    };
}
