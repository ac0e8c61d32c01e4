using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs the features of a cursor's rows.</summary>
internal abstract class FeatureReader
{
    /// <summary>Starts to read the features of a cursor's rows.</summary>
    /// <param name="cursor">A cursor in which their column is active.</param>
    /// <param name="features">The column.</param>
    /// <param name="tokenizer">Cuts texts into tokens; <see langword="null"/> where they are none.</param>
    public static FeatureReader Open(
        FaultNamingCursor cursor, FeatureColumn features, BertTokenizer? tokenizer) => features.Format switch
    {
        VectorFormat => new VectorReader(cursor, features.Column, features.Shape!.Size),
        ImageFormat => new ImageReader(cursor, features.Column),
        TextFormat => new TokenReader(cursor, features, tokenizer!),
        _ => throw new UnreachableException($"No reader of {features.Format}."),
    };

    /// <summary>Packs the features of the cursor's row.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    /// <param name="packer">Receives them.</param>
    /// <exception cref="InvalidDataException">They cannot be trained on.</exception>
    public abstract void Read(long row, RowPacker packer);

    /// <summary>The shape of the cursor's row, which decides where the column's type does not tell it.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    public abstract FeatureShape ShapeOf(long row);

    /// <summary>Tells what was found in all rows read.</summary>
    /// <param name="log">Receives what is as it may be.</param>
    /// <param name="warn">Receives what the user should look at.</param>
    public virtual void ReportFindings(Action<string> log, Action<string> warn) { }

    /// <summary>The fault of a row.</summary>
    /// <param name="column">The column.</param>
    /// <param name="row">The row's place in the view.</param>
    /// <param name="fault">What is wrong with it, as the sentence goes on.</param>
    /// <param name="cause">What failed, if anything did.</param>
    public static InvalidDataException Bad(DataViewSchema.Column column, long row, string fault, Exception? cause = null) =>
        new(FormattableString.Invariant($"Column '{column.Name}', row {row} (counted from 0 in the data view) {fault}"), cause);
}
