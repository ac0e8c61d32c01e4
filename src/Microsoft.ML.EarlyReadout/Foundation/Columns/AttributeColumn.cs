using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a column of attributes (key, text, number or bool) as small numbers, one a distinct value, in the order in which they appear.</summary>
internal abstract class AttributeColumn
{
    private const string Role = "group";

    /// <summary>The number of the cursor's row's attribute, from 0.</summary>
    public abstract int Read();

    /// <summary>The numbers in the order of their values: keys as they count, numbers ascending, text by code point, a missing one first.</summary>
    public abstract int[] Sorted();

    /// <summary>The name of an attribute.</summary>
    /// <param name="attribute">Its number.</param>
    public abstract string Name(int attribute);

    /// <summary>Finds the column and checks its type.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name)
    {
        var column = ColumnFinder.Find(schema, name, Role);
        return column.Type is KeyDataViewType or TextDataViewType or NumberDataViewType or BooleanDataViewType
            ? column
            : throw ColumnFinder.WrongType(column, Role, "a key, text, a number or a bool", "Name a column with one attribute a row.");
    }

    /// <summary>Starts to read the column.</summary>
    /// <param name="cursor">A cursor in which the column is active.</param>
    /// <param name="column">The column, as found.</param>
    public static AttributeColumn Open(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        var names = column.Type is KeyDataViewType ? ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues) : null;
        var type = column.Type.RawType;
        return type == typeof(ReadOnlyMemory<char>) ? new OfText(cursor, column)
            : type == typeof(bool) ? new Of<bool>(cursor, column)
            : type == typeof(float) ? new Of<float>(cursor, column)
            : type == typeof(double) ? new Of<double>(cursor, column)
            : type == typeof(sbyte) ? new Of<sbyte>(cursor, column)
            : type == typeof(short) ? new Of<short>(cursor, column)
            : type == typeof(int) ? new Of<int>(cursor, column)
            : type == typeof(long) ? new Of<long>(cursor, column)
            : type == typeof(byte) ? new Of<byte>(cursor, column, names)
            : type == typeof(ushort) ? new Of<ushort>(cursor, column, names)
            : type == typeof(uint) ? new Of<uint>(cursor, column, names)
            : new Of<ulong>(cursor, column, names);
    }

    private sealed class Of<T>(DataViewRowCursor cursor, DataViewSchema.Column column, string[]? names = null) : AttributeColumn
        where T : struct, IComparable<T>, IConvertible
    {
        private readonly Dictionary<T, int> _numbers = [];
        private readonly List<T> _values = [];
        private readonly ValueGetter<T> _getter = cursor.GetGetter<T>(column);
        private readonly bool _isKey = column.Type is KeyDataViewType;

        public override int Read()
        {
            T value = default;
            _getter(ref value);
            if (_numbers.TryGetValue(value, out int number))
                return number;
            _values.Add(value);
            return _numbers[value] = _values.Count - 1;
        }

        public override int[] Sorted() => [.. Enumerable.Range(0, _values.Count).OrderBy(each => _values[each])];

        public override string Name(int attribute)
        {
            T value = _values[attribute];
            if (!_isKey)
                return value is float.NaN or double.NaN ? "(missing)" : value.ToString(CultureInfo.InvariantCulture);
            ulong key = value.ToUInt64(CultureInfo.InvariantCulture);
            return key == 0 ? "(missing)" : key <= (ulong)(names?.Length ?? 0) ? names![key - 1] : key.ToString(CultureInfo.InvariantCulture);
        }
    }

    private sealed class OfText : AttributeColumn
    {
        private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _spans;
        private readonly List<string> _values = [];
        private readonly ValueGetter<ReadOnlyMemory<char>> _getter;
        private ReadOnlyMemory<char> _value;

        public OfText(DataViewRowCursor cursor, DataViewSchema.Column column)
        {
            _getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
            _spans = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public override int Read()
        {
            _getter(ref _value);
            if (_spans.TryGetValue(_value.Span, out int number))
                return number;
            _values.Add(_value.ToString());
            return _numbers[_values[^1]] = _values.Count - 1;
        }

        public override int[] Sorted() => [.. Enumerable.Range(0, _values.Count).OrderBy(each => _values[each], StringComparer.Ordinal)];

        public override string Name(int attribute) => _values[attribute].Length == 0 ? "(missing)" : _values[attribute];
    }
}
