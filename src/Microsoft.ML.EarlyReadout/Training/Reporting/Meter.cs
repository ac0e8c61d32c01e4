namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>A figure that a training step reports, as the step declares it: by this the history and the reports know how to show
/// it.</summary>
/// <param name="Name">Its name in progress, history and reports, such as <c>main</c>.</param>
/// <param name="Unit">Its unit.</param>
public sealed record Meter(string Name, MeterUnit Unit)
{
    /// <summary>What its line is called in a chart.</summary>
    /// <value>The default value is <see cref="Name"/>.</value>
    public string Label { get; init; } = Name;

    /// <summary>The chart that it shares with the meters of an equal one, such as the same loss before and after an update.</summary>
    /// <value>The default value is <see langword="null"/>: the chart of all others of its unit.</value>
    public MeterChart? Chart { get; init; }
}
