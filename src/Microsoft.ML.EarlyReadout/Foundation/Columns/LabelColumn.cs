using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The label column of a view: a key of any key type.</summary>
internal sealed class LabelColumn
{
    /// <summary>The most classes. The stock head of a saved model holds C² weights, and its fit eight times as many: 14 seconds of one core
    /// and 3 GB for this number.</summary>
    public const int MaxClasses = 10_000;

    private const string Role = "label";

    private LabelColumn(DataViewSchema.Column column, int classes)
    {
        Column = column;
        var names = ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues);
        HasNames = names?.Length == classes;
        Names = HasNames ? names! : [.. Enumerable.Range(0, classes).Select(each => each.ToString(CultureInfo.InvariantCulture))];
    }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>The names of the classes: the key's values, else "0", "1", …, as in the model.</summary>
    public string[] Names { get; }

    /// <summary>Whether the column itself names its classes.</summary>
    public bool HasNames { get; }

    /// <summary>Finds the column and checks its type.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="rows">What messages call the rows; <see langword="null"/>: the data.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, is not a key, or its key does not count at least two
    /// classes.</exception>
    public static LabelColumn Find(DataViewSchema schema, string name, string? rows = null)
    {
        var column = ColumnFinder.Find(schema, name, Role, rows);
        if (column.Type is not KeyDataViewType key)
            throw ColumnFinder.WrongType(column, Role, "a key", $"Add Conversion.MapValueToKey(\"{name}\") before the trainer.", rows);
        if (key.Count > MaxClasses) // told before anything is trained; mostly it is a hash or a row number, not a set of classes
        {
            throw ColumnFinder.WrongType(column, Role, $"a key of at most {MaxClasses} classes",
                $"Where its values are no classes, as of a hash, add Conversion.MapValueToKey(\"{name}\"), which finds those in the data.",
                rows);
        }
        if (key.Count < 2)
        {
            throw ColumnFinder.Mismatch(
                $"The label column '{name}'{ColumnFinder.Of(rows)} knows only one class; a classifier needs at least two.");
        }

        return new(column, (int)key.Count);
    }

    /// <summary>Reads the class of the cursor's row, from 0; −1 where the label is missing.</summary>
    /// <param name="cursor">A cursor in which the column is active.</param>
    public Func<int> Reader(DataViewRowCursor cursor)
    {
        var type = Column.Type.RawType;
        return type == typeof(uint) ? Read<uint>(static value => value)
            : type == typeof(byte) ? Read<byte>(static value => value)
            : type == typeof(ushort) ? Read<ushort>(static value => value)
            : Read<ulong>(static value => value);

        Func<int> Read<T>(Func<T, ulong> widen) where T : struct
        {
            var getter = cursor.GetGetter<T>(Column);
            T value = default;
            return () =>
            {
                getter(ref value);
                // A value beyond the count is missing, too, in ML.NET's reading of keys.
                ulong key = widen(value);
                return key <= (ulong)Names.Length ? (int)key - 1 : -1;
            };
        }
    }
}
