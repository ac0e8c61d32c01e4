using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A column of categories (key, text, number or bool) under a cursor. Distinct values get the ids 0, 1, 2 … in order of appearance.
/// </summary>
internal abstract class CategoryColumn
{
    public const int Missing = -1;

    /// <summary>The id of the current row's value, or <see cref="Missing"/> (key 0, NaN, empty text).</summary>
    public abstract int Read();

    /// <summary>The value in words: a key by its annotated value, or zero-based where it has none.</summary>
    public abstract string NameOf(int id);

    /// <summary>Orders ids by value: keys and numbers by size, text ordinally.</summary>
    public abstract int Compare(int a, int b);

    /// <exception cref="ArgumentOutOfRangeException">The column is not a single key, text, number or bool.</exception>
    public static CategoryColumn Open(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
            return new TextColumn(row.GetGetter<ReadOnlyMemory<char>>(column));
        if (column.Type is KeyDataViewType or NumberDataViewType or BooleanDataViewType)
        {
            switch (Type.GetTypeCode(column.Type.RawType))
            {
                case TypeCode.Boolean: return ValueColumn<bool>.Over(row, column);
                case TypeCode.Byte: return ValueColumn<byte>.Over(row, column);
                case TypeCode.UInt16: return ValueColumn<ushort>.Over(row, column);
                case TypeCode.UInt32: return ValueColumn<uint>.Over(row, column);
                case TypeCode.UInt64: return ValueColumn<ulong>.Over(row, column);
                case TypeCode.SByte: return ValueColumn<sbyte>.Over(row, column);
                case TypeCode.Int16: return ValueColumn<short>.Over(row, column);
                case TypeCode.Int32: return ValueColumn<int>.Over(row, column);
                case TypeCode.Int64: return ValueColumn<long>.Over(row, column);
                case TypeCode.Single: return ValueColumn<float>.Over(row, column);
                case TypeCode.Double: return ValueColumn<double>.Over(row, column);
            }
        }
        throw ColumnFinder.WrongType(column, "label or group", "a key, text, a number or a bool", "Name a column with one value a row.");
    }

    private sealed class TextColumn(ValueGetter<ReadOnlyMemory<char>> getter) : CategoryColumn
    {
        private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
        private readonly List<string> _values = [];
        private ReadOnlyMemory<char> _current;

        public override int Read()
        {
            getter(ref _current);
            if (_current.IsEmpty)
                return Missing;
            var ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
            if (!ids.TryGetValue(_current.Span, out int id))
            {
                id = _values.Count;
                _values.Add(_current.ToString());
                _ids.Add(_values[id], id);
            }
            return id;
        }

        public override string NameOf(int id) => _values[id];

        public override int Compare(int a, int b) => string.CompareOrdinal(_values[a], _values[b]);
    }

    private sealed class ValueColumn<T>(ValueGetter<T> getter, ulong? keyCount, string[]? keyNames) : CategoryColumn
        where T : struct, IComparable<T>
    {
        private readonly Dictionary<T, int> _ids = [];
        private readonly List<T> _values = [];

        public static ValueColumn<T> Over(DataViewRow row, DataViewSchema.Column column) =>
            new(row.GetGetter<T>(column), (column.Type as KeyDataViewType)?.Count, ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues));

        public override int Read()
        {
            T value = default;
            getter(ref value);
            if (_ids.TryGetValue(value, out int id))
                return id;
            id = IsMissing(value) ? Missing : _values.Count;
            if (id != Missing)
                _values.Add(value);
            _ids.Add(value, id);
            return id;
        }

        public override string NameOf(int id)
        {
            T value = _values[id];
            if (keyCount is null)
                return Convert.ToString(value, CultureInfo.InvariantCulture)!;
            ulong index = Convert.ToUInt64(value, CultureInfo.InvariantCulture) - 1;
            return keyNames is null ? index.ToString(CultureInfo.InvariantCulture) : keyNames[index];
        }

        public override int Compare(int a, int b) => _values[a].CompareTo(_values[b]);

        private bool IsMissing(T value) => value switch
        {
            float number => float.IsNaN(number),
            double number => double.IsNaN(number),
            _ => keyCount is ulong count && Convert.ToUInt64(value, CultureInfo.InvariantCulture) is var key && (key == 0 || key > count),
        };
    }
}
