using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A column of categories (key, text, number or bool) under a cursor. Distinct values get the ids 0, 1, 2 … in order of appearance.
/// </summary>
internal abstract class CategoryColumn(DataViewSchema.Column column, bool keepsMissing)
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

    /// <summary>The value in words that say enough without the column's name: a bool as <c>HasWater=False</c>.</summary>
    public string DescriptionOf(int id) => column.Type is BooleanDataViewType ? $"{column.Name}={NameOf(id)}" : NameOf(id);

    /// <summary>Orders ids by value: keys and numbers by size, text ordinally; a missing value comes first.</summary>
    public int Compare(int a, int b) => a == b ? 0 : a == _missing ? -1 : b == _missing ? 1 : CompareValues(a, b);

    /// <summary>Finds a column of categories.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="role">What the column is for, such as <c>group</c>.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <param name="need">Why it must be there, as for <see cref="ColumnFinder.Find"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing, or not a single key, text, number or bool.</exception>
    public static DataViewSchema.Column Find(
        DataViewSchema schema, string name, string role, string? rows = null, string need = "")
    {
        DataViewSchema.Column column = ColumnFinder.Find(schema, name, role, rows, need);
        return column.Type is KeyDataViewType or TextDataViewType or NumberDataViewType or BooleanDataViewType
            ? column
            : throw ColumnFinder.WrongType(
                column, role, "a key, text, a number or a bool", "Name a column with one attribute a row.", rows);
    }

    /// <summary>Starts to read a column.</summary>
    /// <param name="row">The cursor, in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="keepsMissing">Whether a missing value is a category of its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is not a single key, text, number or bool.</exception>
    public static CategoryColumn Open(DataViewRow row, DataViewSchema.Column column, bool keepsMissing = false)
    {
        if (column.Type is TextDataViewType)
            return new TextColumn(row, column, keepsMissing);
        if (column.Type is KeyDataViewType or NumberDataViewType or BooleanDataViewType)
        {
            switch (Type.GetTypeCode(column.Type.RawType))
            {
                case TypeCode.Boolean: return new ValueColumn<bool>(row, column, keepsMissing);
                case TypeCode.Byte: return new ValueColumn<byte>(row, column, keepsMissing);
                case TypeCode.UInt16: return new ValueColumn<ushort>(row, column, keepsMissing);
                case TypeCode.UInt32: return new ValueColumn<uint>(row, column, keepsMissing);
                case TypeCode.UInt64: return new ValueColumn<ulong>(row, column, keepsMissing);
                case TypeCode.SByte: return new ValueColumn<sbyte>(row, column, keepsMissing);
                case TypeCode.Int16: return new ValueColumn<short>(row, column, keepsMissing);
                case TypeCode.Int32: return new ValueColumn<int>(row, column, keepsMissing);
                case TypeCode.Int64: return new ValueColumn<long>(row, column, keepsMissing);
                case TypeCode.Single: return new ValueColumn<float>(row, column, keepsMissing);
                case TypeCode.Double: return new ValueColumn<double>(row, column, keepsMissing);
            }
        }

        throw ColumnFinder.WrongType(column, "label or group", "a key, text, a number or a bool", "Name a column with one value a row.");
    }

    private protected abstract string TextOf(int id);

    private protected abstract int CompareValues(int a, int b);

    private int Next() => _count++;

    private int ForMissing() => keepsMissing ? _missing ??= Next() : Missing;

    private sealed class TextColumn(DataViewRow row, DataViewSchema.Column column, bool keepsMissing)
        : CategoryColumn(column, keepsMissing)
    {
        private readonly ValueGetter<ReadOnlyMemory<char>> _getter = row.GetGetter<ReadOnlyMemory<char>>(column);
        private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
        private readonly Dictionary<int, string> _values = [];
        private ReadOnlyMemory<char> _current;

        public override int Read()
        {
            _getter(ref _current);
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

    private sealed class ValueColumn<T>(DataViewRow row, DataViewSchema.Column column, bool keepsMissing)
        : CategoryColumn(column, keepsMissing)
        where T : struct, IComparable<T>
    {
        private readonly ValueGetter<T> _getter = row.GetGetter<T>(column);
        private readonly ulong? _keyCount = (column.Type as KeyDataViewType)?.Count;
        private readonly string[]? _keyNames = ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues);
        private readonly Dictionary<T, int> _ids = [];
        private readonly Dictionary<int, T> _values = [];

        public override int Read()
        {
            T value = default;
            _getter(ref value);
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
            if (_keyCount is null)
                return Convert.ToString(value, CultureInfo.InvariantCulture)!;
            ulong index = Convert.ToUInt64(value, CultureInfo.InvariantCulture) - 1;
            return index < (ulong)(_keyNames?.Length ?? 0) ? _keyNames![index] : index.ToString(CultureInfo.InvariantCulture);
        }

        private protected override int CompareValues(int a, int b) => _values[a].CompareTo(_values[b]);

        private bool IsMissing(T value) => value switch
        {
            float number => float.IsNaN(number),
            double number => double.IsNaN(number),
            _ => _keyCount is ulong count && Convert.ToUInt64(value, CultureInfo.InvariantCulture) is var key && (key == 0 || key > count),
        };
    }
}
