namespace Microsoft.ML.EarlyReadout;

/// <summary>What a group of rows is called, in logs, tables, reports and searches alike: such as <c>bird, land</c>.</summary>
internal static class GroupName
{
    private const string Separator = ", ";

    /// <summary>The name of a group.</summary>
    /// <param name="label">The label of its rows; <see langword="null"/> where a group is not of one label.</param>
    /// <param name="attributes">The values of the group columns, in the order of the columns.</param>
    public static string Of(string? label, params IEnumerable<string> attributes) =>
        string.Join(Separator, label is null ? attributes : attributes.Prepend(label));

    /// <summary>The name of a group; a bool stands beside its column, such as <c>landbird, HasWater=False</c>.</summary>
    /// <param name="label">The label of its rows; <see langword="null"/> where a group is not of one label.</param>
    /// <param name="attributes">The group columns with the ids of the values.</param>
    public static string Of(string? label, params IEnumerable<(CategoryColumn Column, int Value)> attributes) =>
        Of(label, attributes.Select(each => each.Column.DescriptionOf(each.Value)));

    /// <summary>The attributes in the name of a group of one label.</summary>
    public static string AttributesIn(string name, string label) => name[(label.Length + Separator.Length)..];
}
