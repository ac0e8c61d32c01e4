using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// A column of numbers that a method reads for each training row, beside features, label and group. It is read with them, once, and
/// counts against the same memory budget; <see cref="Batch.Column"/> gives it by its name.
/// </summary>
/// <param name="Option">The option that names it, for faults, such as <c>WeightColumnName</c>.</param>
/// <param name="Name">The column's name.</param>
/// <param name="Role">What it is for, in messages such as "The weight column 'W' is not in the data": <c>weight</c>.</param>
/// <param name="Width">How many numbers a row has.</param>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record RowColumn(string Option, string Name, string Role, RowColumnWidth Width)
{
    /// <summary>What to do about a column of another type: whole sentences.</summary>
    public required string Advice { get; init; }

    /// <summary>Whether the trainer's <c>Prepare</c> adds it, so that the data need not have it.</summary>
    /// <value>The default value is <see langword="false"/>: it is in the data.</value>
    public bool IsAdded { get; init; }

    /// <summary>Checks it, as far as the promise of a schema tells.</summary>
    /// <param name="promised">The shape of the schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    internal void Require(SchemaShape promised)
    {
        bool isNumber = Width == RowColumnWidth.One;
        ColumnFinder.Require(
            promised, Name, Role, isNumber ? "Single" : "Vector<Single>", isNumber ? ColumnFinder.IsNumber : ColumnFinder.IsVector);
    }

    /// <summary>Finds it.</summary>
    /// <param name="schema">The schema of the view.</param>
    /// <param name="classes">The classes of the label.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is missing or of another type.</exception>
    internal DataViewSchema.Column Find(DataViewSchema schema, int classes)
    {
        DataViewSchema.Column column = ColumnFinder.Find(schema, Name, Role);
        var vector = column.Type as VectorDataViewType;
        if ((vector?.ItemType ?? column.Type) != NumberDataViewType.Single || !Width.Allows(vector?.Size, classes))
            throw ColumnFinder.WrongType(column, Role, Width.Expected(classes), Advice);
        return column;
    }
}
