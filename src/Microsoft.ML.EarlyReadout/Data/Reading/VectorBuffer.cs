using System.Runtime.CompilerServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Vectors, whose arrays the source reuses and which are therefore copied out.</summary>
internal sealed class VectorBuffer<T>(ValueGetter<VBuffer<T>> source, int slots) : ColumnBuffer
{
    private readonly VBuffer<T>[] _values = new VBuffer<T>[slots];

    public override void Fill(int slot) => source(ref _values[slot]);

    public override long BytesIn(int slot) => (long)_values[slot].GetValues().Length * Unsafe.SizeOf<T>();

    public ref readonly VBuffer<T> Value(int slot) => ref _values[slot];

    public override ValueGetter<VBuffer<T>> Getter(Func<Place> place) => (ref VBuffer<T> value) =>
    {
        Place at = place();
        ((VectorBuffer<T>)at.Buffer)._values[at.Slot].CopyTo(ref value);
    };
}
