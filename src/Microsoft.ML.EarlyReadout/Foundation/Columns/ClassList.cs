using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The classes of an evaluation: those of the model in the order of its score slots, then those of the data that the model does not know.
/// </summary>
/// <remarks>
/// Classes are known by name, so that a label keyed by its own data, or a predicted label mapped back to its value, still means the same
/// class. The names come from the predicted label's key values, else the score's slots, else the label's key values; else they are the
/// zero-based indexes.
/// </remarks>
internal sealed class ClassList
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly bool _numeric;

    private ClassList(int slots, string[]? names)
    {
        IsNamed = names is not null;
        for (int slot = 0; slot < slots; slot++)
        {
            string name = names is not null && slot < names.Length ? names[slot] : slot.ToString(CultureInfo.InvariantCulture);
            _names.Add(name);
            _indexes.TryAdd(name, slot);
        }
        _numeric = _names.TrueForAll(name => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
    }

    /// <summary>Whether any column says what the classes are called.</summary>
    public bool IsNamed { get; }

    public IReadOnlyList<string> Names => _names;

    public static ClassList Of(DataViewSchema.Column score, DataViewSchema.Column predictedLabel, DataViewSchema.Column label) => new(
        ((VectorDataViewType)score.Type).Size,
        ColumnAnnotation.Names(predictedLabel, ColumnAnnotation.KeyValues)
            ?? ColumnAnnotation.Names(score, ColumnAnnotation.SlotNames)
            ?? ColumnAnnotation.Names(score, ColumnAnnotation.TrainingLabelValues)
            ?? ColumnAnnotation.Names(label, ColumnAnnotation.KeyValues));

    /// <summary>
    /// A reader of a column's class index on the current row, <see cref="CategoryColumn.Missing"/> where it has no value.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The column holds text or bool and nothing says which score slot a value belongs
    /// to.</exception>
    public Func<int> Reader(DataViewRow row, DataViewSchema.Column column)
    {
        if (!IsNamed && column.Type is (TextDataViewType or BooleanDataViewType))
            throw ColumnFinder.Mismatch(
                $"Column '{column.Name}' is {column.Type}, and neither the score column nor the other label column says which class each "
                    + "score belongs to. " +
                    "Evaluate before mapping the predicted label back to its value, or map the label to a key.");

        // ML.NET reads a key without values, and a number where the classes are not numbers, as the index of the class.
        bool byIndex = column.Type is KeyDataViewType
            ? ColumnAnnotation.Names(column, ColumnAnnotation.KeyValues) is null
            : column.Type is NumberDataViewType && !_numeric;
        CategoryColumn values = CategoryColumn.Open(row, column);
        List<int> classes = [];
        return () =>
        {
            int id = values.Read();
            if (id == CategoryColumn.Missing)
                return CategoryColumn.Missing;
            if (id == classes.Count)
                classes.Add(IndexOf(values.NameOf(id), byIndex));
            return classes[id];
        };
    }

    private int IndexOf(string name, bool byIndex)
    {
        if (byIndex && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < _names.Count)
            return index;
        if (!_indexes.TryGetValue(name, out index))
        {
            index = _names.Count;
            _names.Add(name);
            _indexes.Add(name, index);
        }
        return index;
    }
}
