namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Columns that a saved model's stock transformers write on the way and take away again in the end. A column of the rows under such a
/// name would go with them, so rows that have one are refused: by the transformer in the process too, because what it accepts is what
/// its saved model gives as well.
/// </summary>
internal static class TransientColumns
{
    /// <summary>The fixed output names of a stock classifier that are not among the chosen ones.</summary>
    public static IEnumerable<string> Freed(IEnumerable<string> outputs) =>
        new[] { DefaultColumns.Score, DefaultColumns.PredictedLabel }.Except(outputs);

    /// <summary>Checks rows to be scored.</summary>
    /// <param name="rows">The names of their columns, without hidden ones.</param>
    /// <param name="feature">The feature column: it may be named as a stock classifier's output, because the saved model knows of
    /// it.</param>
    /// <param name="format">How examples stand in it.</param>
    /// <param name="outputs">The names of all output columns.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column would be lost.</exception>
    public static void Check(IEnumerable<string> rows, string feature, FeatureFormat format, IReadOnlyCollection<string> outputs)
    {
        HashSet<string> names = [.. rows];
        names.Remove(feature);
        if (Freed(outputs).FirstOrDefault(names.Contains) is { } lost)
        {
            throw ColumnFinder.Mismatch($"The rows have a column '{lost}', and no output is named so. "
                + $"A saved model writes '{DefaultColumns.Score}' and '{DefaultColumns.PredictedLabel}' before it gives them the names of "
                + $"the outputs, and '{lost}' would be lost. Give it another name before (CopyColumns, then DropColumns), or name an "
                + $"output '{lost}', which then hides it, as with ML.NET's own trainers.");
        }

        names.UnionWith(outputs);
        if (format.StockColumns(feature).FirstOrDefault(names.Contains) is { } taken)
        {
            throw ColumnFinder.Mismatch($"A column is named '{taken}', which a saved model uses for the {format.GraphContents} of "
                + $"'{feature}': the column would be lost. Give it another name.");
        }
    }
}
