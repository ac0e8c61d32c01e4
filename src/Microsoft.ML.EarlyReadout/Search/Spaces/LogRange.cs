using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A range that a search draws from evenly on a logarithmic scale: each factor is equally likely.</summary>
/// <param name="From">The smallest value, greater than 0.</param>
/// <param name="To">The largest value, at least <paramref name="From"/>; equal to it: the one value.</param>
public readonly record struct LogRange(double From, double To)
{
    /// <summary>One value.</summary>
    /// <param name="value">The value, greater than 0.</param>
    public static LogRange Fixed(double value) => new(value, value);

    /// <summary>The value below which a part of the draws lies.</summary>
    /// <param name="part">The part, from 0 to 1.</param>
    internal double At(double part) => From * Math.Pow(To / From, part);

    /// <inheritdoc/>
    public override string ToString() =>
        From.Equals(To) ? From.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{From} to {To}");

    /// <summary>Adds what is wrong with the range.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What it is called in messages.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    public void AddFaults(OptionFaults faults, string name)
    {
        faults.GreaterThan($"{name}.{nameof(From)}", From, 0);
        if (From > 0) faults.AtLeast($"{name}.{nameof(To)}", To, From);
    }
}
