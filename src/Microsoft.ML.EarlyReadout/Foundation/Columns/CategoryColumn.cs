using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A column of categories (key, text, number or bool) under a cursor. Distinct values get the ids 0, 1, 2 … in order of appearance.
/// </summary>
internal abstract class CategoryColumn(bool keepsMissing)
{
    public const int Missing = -1;

    private int? _missing;
    private int _count;

    /// <summary>
    /// The id of the current row's value. A value that is missing (key 0 or beyond the count, NaN, empty text) has an id of its own where
    /// missing values are kept, and is <see cref="Missing"/> where they are not.
    /// </summary>
    public abstract int Read();

    /// <summary>The value in words: a key by its annotated value, or zero-based where it has none.</summary>
    public string NameOf(int id) => id == _missing ? "(missing)" : TextOf(id);

    /// <summary>Orders ids by value: keys and numbers by size, text ordinally; a missing value comes first.</summary>
    public int Compare(int a, int b) => a == b ? 0 : a == _missing ? -1 : b == _missing ? 1 : CompareValues(a, b);

    /// <summary>Finds a column of categories.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is for, such as <c>group</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing, or not a single key, text, number or bool.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role)
    {
        DataViewSchema.Column column = ColumnFinder.Find(schema, name, role);
        return column.Type is KeyDataViewType or TextDataViewType or NumberDataViewType or BooleanDataViewType
            ? column
            : throw ColumnFinder.WrongType(column, role, "a key, text, a number or a bool", "Name a column with one attribute a row.");
    }

    /// <summary>Starts to read a column.</summary>
    /// <param name="row">The cursor, in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="keepsMissing">Whether a missing value is a category of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is not a single key, text, number or bool.</exception>
    public static CategoryColumn Open(DataViewRow row, DataViewSchema.Column column, bool keepsMissing = false)
    {
        if (column.Type is TextDataViewType)
            return new TextColumn(row.GetGetter<ReadOnlyMemory<char>>(column), keepsMissing);
        if (column.Type is KeyDataViewType or NumberDataViewType or BooleanDataViewType)
        {
            switch (Type.GetTypeCode(column.Type.RawType))
            {
                case TypeCode.Boolean: return ValueColumn<bool>.Over(row, column, keepsMissing);
                case TypeCode.Byte: return ValueColumn<byte>.Over(row, column, keepsMissing);
                case TypeCode.UInt16: return ValueColumn<ushort>.Over(row, column, keepsMissing);
                case TypeCode.UInt32: return ValueColumn<uint>.Over(row, column, keepsMissing);
                case TypeCode.UInt64: return ValueColumn<ulong>.Over(row, column, keepsMissing);
                case TypeCode.SByte: return ValueColumn<sbyte>.Over(row, column, keepsMissing);
                case TypeCode.Int16: return ValueColumn<short>.Over(row, column, keepsMissing);
                case TypeCode.Int32: return ValueColumn<int>.Over(row, column, keepsMissing);
                case TypeCode.Int64: return ValueColumn<long>.Over(row, column, keepsMissing);
                case TypeCode.Single: return ValueColumn<float>.Over(row, column, keepsMissing);
                case TypeCode.Double: return ValueColumn<double>.Over(row, column, keepsMissing);
            }
        }

        throw ColumnFinder.WrongType(column, "label or group", "a key, text, a number or a bool", "Name a column with one value a row.");
    }

    private protected abstract string TextOf(int id);

    private protected abstract int CompareValues(int a, int b);

    private int Next() => _count++;

    private int ForMissing() => keepsMissing ? _missing ??= Next() : Missing;

    private sealed class TextColumn(ValueGetter<ReadOnlyMemory<char>> getter, bool keepsMissing) : CategoryColumn(keepsMissing)
    {
        private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
        private readonly Dictionary<int, string> _values = [];
        private ReadOnlyMemory<char> _current;

        public override int Read()
        {
            getter(ref _current);
            if (_current.IsEmpty) return ForMissing();
            var ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
            if (ids.TryGetValue(_current.Span, out int id)) return id;
            id = Next();
            _values.Add(id, _current.ToString());
            _ids.Add(_values[id], id);
            return id;
        }

        private protected override string TextOf(int id) => _values[id];

        private protected override int CompareValues(int a, int b) => string.CompareOrdinal(_values[a], _values[b]);
    }

    private sealed class ValueColumn<T>(ValueGetter<T> getter, ulong? keyCount, string[]? keyNames, bool keepsMissing)
        : CategoryColumn(keepsMissing)
        where T : struct, IComparable<T>
    {
        private readonly Dictionary<T, int> _ids = [];
        private readonly Dictionary<int, T> _values = [];

        public static ValueColumn<T> Over(DataViewRow row, DataViewSchema.Column column, bool keepsMissing) => new(
            row.GetGetter<T>(column),
            (column.Type as KeyDataViewType)?.Count,
            ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues),
            keepsMissing);

        public override int Read()
        {
            T value = default;
            getter(ref value);
            if (_ids.TryGetValue(value, out int id)) return id;
            if (IsMissing(value))
            {
                id = ForMissing();
            }
            else
            {
                id = Next();
                _values.Add(id, value);
            }

            _ids.Add(value, id);
            return id;
        }

        private protected override string TextOf(int id)
        {
            T value = _values[id];
            if (keyCount is null)
                return Convert.ToString(value, CultureInfo.InvariantCulture)!;
            ulong index = Convert.ToUInt64(value, CultureInfo.InvariantCulture) - 1;
            return index < (ulong)(keyNames?.Length ?? 0) ? keyNames![index] : index.ToString(CultureInfo.InvariantCulture);
        }

        private protected override int CompareValues(int a, int b) => _values[a].CompareTo(_values[b]);

        private bool IsMissing(T value) => value switch
        {
            float number => float.IsNaN(number),
            double number => double.IsNaN(number),
            _ => keyCount is ulong count && Convert.ToUInt64(value, CultureInfo.InvariantCulture) is var key && (key == 0 || key > count),
        };
    }
}
