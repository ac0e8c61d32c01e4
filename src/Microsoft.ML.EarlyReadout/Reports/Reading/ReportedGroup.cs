namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A group of a report's rows. Two may have one name: label <c>a</c> with <c>b, c</c>, and label <c>a, b</c> with <c>c</c>.
/// </summary>
/// <param name="Label">As <see cref="GroupResult.Label"/>.</param>
/// <param name="Attribute">The value of the one group column.</param>
/// <param name="Name">As <see cref="GroupResult.Name"/>.</param>
internal readonly record struct ReportedGroup(string? Label, string Attribute, string Name)
{
    public static ReportedGroup Of(GroupResult result) => new(result.Label, result.Attributes[0], result.Name);
}
