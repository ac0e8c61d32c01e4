using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>One of the things that a search varies.</summary>
/// <param name="Option">The option, with dots where it is nested, such as <c>Readout.Stage</c>.</param>
/// <param name="Values">The values to choose among; <see langword="null"/>: a range.</param>
/// <param name="Range">The range where there are no values.</param>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record Axis(string Option, IReadOnlyList<double>? Values, LogRange Range = default)
{
    /// <summary>Whether the values are multiples of the main learning rate.</summary>
    public bool IsMultiple { get; init; }

    /// <summary>Whether plain training has the option too, so that a fair comparison varies it there as well.</summary>
    public bool IsPlains { get; init; }

    /// <summary>How many values there are; <see langword="null"/> where they cannot be counted.</summary>
    internal int? Count => Values?.Count ?? (Range.From.Equals(Range.To) ? 1 : null);

    /// <summary>Whole numbers to choose among.</summary>
    /// <param name="option">The option.</param>
    /// <param name="values">Its values.</param>
    public static Axis Among(string option, IEnumerable<int> values) => new(option, [.. values.Distinct().Select(value => (double)value)]);

    /// <summary>The stages that a trainer's <c>Readout</c> may read, cut to those that the network has.</summary>
    /// <param name="network">The network.</param>
    /// <param name="stages">The stages, from 1; <see langword="null"/>: all that it has.</param>
    /// <exception cref="ArgumentException">The network has none of them; the message says which it has.</exception>
    public static Axis Stage(SearchedNetwork network, int[]? stages) => Among(TrialSettings.Stage, network.Cut(stages, "Space.Stages"));

    /// <summary>Multiples of the main learning rate.</summary>
    /// <param name="option">The option, a learning rate.</param>
    /// <param name="range">The range of the multiples.</param>
    public static Axis Multiple(string option, LogRange range) => new(option, null, range) { IsMultiple = true };

    /// <summary>Axes of the main optimiser, where they are varied.</summary>
    /// <param name="rate">The main learning rate.</param>
    /// <param name="decay">The main weight decay.</param>
    public static IEnumerable<Axis> Main(LogRange? rate, LogRange? decay)
    {
        if (rate is { } rates) yield return new Axis(TrialSettings.MainRate, null, rates) { IsPlains = true };
        if (decay is { } decays) yield return new Axis(TrialSettings.MainDecay, null, decays) { IsPlains = true };
    }

    /// <summary>The value at a part of the way from the first to the last.</summary>
    /// <param name="part">The part, at least 0 and less than 1.</param>
    internal double At(double part) => Values is null ? Range.At(part) : Values[(int)(part * Values.Count)];
}
