namespace Microsoft.ML.EarlyReadout;

/// <summary>Many thin lines of one kind behind the others.</summary>
/// <param name="Name">What they are called in the legend.</param>
/// <param name="Style">Their class in <c>report.css</c>.</param>
/// <param name="Lines">Their points, ascending by X; at least one of each.</param>
internal sealed record Bundle(string Name, string Style, IReadOnlyList<IReadOnlyList<(double X, double Y)>> Lines);
