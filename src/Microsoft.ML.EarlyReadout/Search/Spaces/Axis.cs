namespace Microsoft.ML.EarlyReadout;

/// <summary>One of the things that a search varies.</summary>
/// <param name="Option">The option, with dots where it is nested, such as <c>Readout.Stage</c>.</param>
/// <param name="Values">The values to choose among; <see langword="null"/>: a range.</param>
/// <param name="Range">The range where there are no values.</param>
internal sealed record Axis(string Option, IReadOnlyList<double>? Values, LogRange Range = default)
{
    /// <summary>Whether the values are multiples of the main learning rate.</summary>
    public bool IsMultiple { get; init; }

    /// <summary>Whether plain training has the option too, so that a fair comparison varies it there as well.</summary>
    public bool IsPlains { get; init; }

    /// <summary>How many values there are; <see langword="null"/> where they cannot be counted.</summary>
    public int? Count => Values?.Count ?? (Range.From.Equals(Range.To) ? 1 : null);

    /// <summary>Whole numbers to choose among.</summary>
    public static Axis Among(string option, IEnumerable<int> values) => new(option, [.. values.Distinct().Select(value => (double)value)]);

    /// <summary>Multiples of the main learning rate.</summary>
    public static Axis Multiple(string option, LogRange range) => new(option, null, range) { IsMultiple = true };

    /// <summary>Axes of the main optimiser, where they are varied.</summary>
    public static IEnumerable<Axis> Main(LogRange? rate, LogRange? decay)
    {
        if (rate is { } rates) yield return new Axis(TrialSettings.MainRate, null, rates) { IsPlains = true };
        if (decay is { } decays) yield return new Axis(TrialSettings.MainDecay, null, decays) { IsPlains = true };
    }

    /// <summary>The value at a part of the way from the first to the last.</summary>
    /// <param name="part">The part, at least 0 and less than 1.</param>
    public double At(double part) => Values is null ? Range.At(part) : Values[(int)(part * Values.Count)];
}
