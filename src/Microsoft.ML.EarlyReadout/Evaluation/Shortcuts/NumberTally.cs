using System.Globalization;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Sums numbers, or the named slots of vectors. What is no finite number is left out.</summary>
internal sealed class NumberTally : ValueTally
{
    private static readonly MethodInfo _scalar =
        typeof(NumberTally).GetMethod(nameof(Scalar), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly string[] _names;
    private readonly Moments[][] _moments; // by part and slot; of vectors the numbers that are not zero
    private readonly long[][] _broken; // by part and slot: numbers that are not finite
    private readonly Action<Action<int, double>> _read;
    private double? _origin; // of a single number, the first one: times and years are large beside their differences

    public NumberTally(DataViewRow row, DataViewSchema.Column column, int parts) : base(column)
    {
        if (column.Type is VectorDataViewType)
        {
            _names = [.. ColumnAnnotation.Names(column, ColumnAnnotation.SlotNames)!.Select(
                (slot, i) => $"{Name}.{(slot.Length > 0 ? slot : i.ToString(CultureInfo.InvariantCulture))}")];
            ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(column);
            VBuffer<float> vector = default;
            _read = add =>
            {
                getter(ref vector);
                foreach ((int slot, float number) in vector.Items()) add(slot, number);
            };
        }
        else
        {
            _names = [Name];
            Func<double> number = _scalar.MakeGenericMethod(column.Type.RawType)
                .CreateDelegate<Func<DataViewRow, DataViewSchema.Column, Func<double>>>()(row, column);
            _read = add =>
            {
                double value = number();
                if (double.IsFinite(value)) _origin ??= value;
                add(0, value - (_origin ?? 0));
            };
        }

        _moments = [.. Enumerable.Range(0, parts).Select(_ => new Moments[_names.Length])];
        _broken = [.. Enumerable.Range(0, parts).Select(_ => new long[_names.Length])];
    }

    public override void Add(int label, int cluster) => _read((slot, number) =>
    {
        Add(label, slot, number);
        if (cluster >= 0) Add(cluster, slot, number);
    });

    public override IEnumerable<TellingValue> Telling(int label, int cluster, long labelRows, long clusterRows)
    {
        for (int slot = 0; slot < _names.Length; slot++)
        {
            // Zeros of sparse vectors add nothing to the sums, but they count.
            Moments inside = _moments[cluster][slot] with { Count = clusterRows - _broken[cluster][slot] },
                all = _moments[label][slot] with { Count = labelRows - _broken[label][slot] };
            if (Compare(inside, all) is { } found)
            {
                double origin = _origin ?? 0;
                yield return new TellingValue(_names[slot], null, found.Inside + origin, found.Outside + origin, found.Deviation);
            }
        }
    }

    private void Add(int part, int slot, double number)
    {
        if (double.IsFinite(number)) _moments[part][slot] = _moments[part][slot].With(number);
        else _broken[part][slot]++;
    }

    private static Func<double> Scalar<T>(DataViewRow row, DataViewSchema.Column column)
        where T : IConvertible
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return value.ToDouble(CultureInfo.InvariantCulture);
        };
    }
}
