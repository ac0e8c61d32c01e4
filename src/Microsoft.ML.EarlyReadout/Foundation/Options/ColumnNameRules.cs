namespace Microsoft.ML.EarlyReadout;

/// <summary>A column that an option names.</summary>
/// <param name="Option">The option.</param>
/// <param name="Column">The column's name; <see langword="null"/> where there is none.</param>
internal readonly record struct NamedColumn(string Option, string? Column);

/// <summary>
/// No output hides what was read, nor another output. ML.NET itself lets a column hide an earlier one of the same name: an output named
/// like the label would then be what metrics compare the prediction with. (Hiding a column that nobody named, such as the Score of an
/// earlier model, is what stock trainers do, too.)
/// </summary>
internal static class ColumnNameRules
{
    /// <summary>What the names of a saved model's own columns start with, which nobody else uses.</summary>
    public const string Reserved = "EarlyReadout.";

    /// <summary>Adds a fault for each output that hides a column, or has a name that is reserved.</summary>
    public static void NoHiddenColumns(this OptionFaults faults, IEnumerable<NamedColumn> read, IEnumerable<NamedColumn> written)
    {
        var before = read.Where(IsGiven).ToList();
        foreach (NamedColumn output in written.Where(IsGiven))
        {
            if (before.Find(other => other.Column == output.Column) is { Column: not null } same)
                faults.Add($"{same.Option} and {output.Option} are both '{output.Column}'; give each a name of its own.");
            if (output.Column!.StartsWith(ColumnNameRules.Reserved, StringComparison.Ordinal))
            {
                faults.Add(
                    $"{output.Option} is '{output.Column}'; names that start with '{ColumnNameRules.Reserved}' are a saved model's own.");
            }

            before.Add(output);
        }

        static bool IsGiven(NamedColumn column) => !string.IsNullOrWhiteSpace(column.Column);
    }
}
