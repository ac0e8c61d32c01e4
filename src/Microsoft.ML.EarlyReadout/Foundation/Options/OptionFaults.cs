using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Collects everything that is wrong with a set of options, so that one exception can say all of it.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public sealed class OptionFaults
{
    private readonly List<string> _faults = [];

    /// <summary>The faults so far, a sentence each.</summary>
    internal IReadOnlyList<string> All => _faults;

    /// <summary>Adds a fault.</summary>
    /// <param name="fault">A sentence that names the option, its value and what is allowed.</param>
    public void Add(string fault) => _faults.Add(fault);

    /// <summary>Adds faults.</summary>
    /// <param name="faults">A sentence each.</param>
    public void Add(IEnumerable<string> faults) => _faults.AddRange(faults);

    /// <summary>Adds those of options that are part of these.</summary>
    internal void AddOf(string part, OptionFaults faults) => Add(faults._faults.Select(fault => $"{part}: {fault}"));

    /// <summary>Requires a number to be finite and at least another. Null, here and below, is automatic and right.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="minimum">The least that is allowed.</param>
    public void AtLeast(string name, double? value, double minimum)
    {
        if (value is { } given && (!(given >= minimum) || double.IsInfinity(given)))
            _faults.Add($"{name} is {Text(given)}; it must be at least {Text(minimum)}.");
    }

    /// <summary>Requires a number to be no more than another. What is not a number is for <see cref="AtLeast"/> to find, or
    /// <see cref="GreaterThan"/>.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="maximum">The most that is allowed.</param>
    public void AtMost(string name, double? value, double maximum)
    {
        if (value is { } given && given > maximum)
            _faults.Add($"{name} is {Text(given)}; it must be at most {Text(maximum)}.");
    }

    /// <summary>Requires a number to be finite and above a bound.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="bound">The bound, which is not allowed itself.</param>
    public void GreaterThan(string name, double? value, double bound)
    {
        if (value is { } given && (!(given > bound) || double.IsInfinity(given)))
            _faults.Add($"{name} is {Text(given)}; it must be greater than {Text(bound)}.");
    }

    /// <summary>Requires a number to lie in the open range (low, high).</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="low">The bound below, which is not allowed itself.</param>
    /// <param name="high">The bound above, which is not allowed itself.</param>
    internal void InOpenRange(string name, double value, double low, double high)
    {
        if (!(value > low && value < high))
            _faults.Add($"{name} is {Text(value)}; it must be above {Text(low)} and below {Text(high)}.");
    }

    /// <summary>Requires a number to lie in the half-open range [minimum, end).</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="minimum">The least that is allowed.</param>
    /// <param name="end">The bound above, which is not allowed itself.</param>
    public void InHalfOpenRange(string name, double value, double minimum, double end)
    {
        if (!(value >= minimum && value < end))
            _faults.Add($"{name} is {Text(value)}; it must be at least {Text(minimum)} and less than {Text(end)}.");
    }

    /// <summary>Requires a number to lie in the closed range [minimum, maximum].</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="minimum">The least that is allowed.</param>
    /// <param name="maximum">The most that is allowed.</param>
    public void InRange(string name, double? value, double minimum, double maximum)
    {
        if (value is { } given && !(given >= minimum && given <= maximum))
            _faults.Add($"{name} is {Text(given)}; it must be from {Text(minimum)} to {Text(maximum)}.");
    }

    /// <summary>Requires whole numbers to choose among, one at least; null is right here too.</summary>
    /// <param name="name">The option.</param>
    /// <param name="values">Its values.</param>
    /// <param name="minimum">The least that each may be.</param>
    public void Choices(string name, int[]? values, int minimum)
    {
        if (values is { Length: 0 }) _faults.Add($"{name} is empty; give at least one value.");
        foreach (int value in values ?? []) AtLeast(name, value, minimum);
    }

    /// <summary>Requires a column's name.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    public void NotEmpty(string name, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) _faults.Add($"{name} is empty; it must name a column.");
    }

    /// <summary>Requires a column's name, or none.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    public void NullOrNotEmpty(string name, string? value)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value)) _faults.Add($"{name} is empty; it must name a column, or be null.");
    }

    /// <summary>Requires a nested object.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Whether it is there, so that its own options can be looked at.</returns>
    public bool Given(string name, [NotNullWhen(true)] object? value)
    {
        if (value is null) _faults.Add($"{name} is null; leave it at its default instead.");
        return value is not null;
    }

    /// <summary>Requires a value that its enumeration has.</summary>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value.</param>
    public void Defined<T>(string name, T value) where T : struct, Enum
    {
        if (!Enum.IsDefined(value)) _faults.Add($"{name} is {value}; it must be one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    /// <exception cref="ArgumentException">There is a fault; the message lists them all.</exception>
    internal void ThrowIfAny(string owner)
    {
        if (_faults.Count == 0) return;
        string count = _faults.Count == 1 ? "1 fault" : $"{_faults.Count} faults";
        throw new ArgumentException($"{owner} has {count}:{string.Concat(_faults.Select(fault => $"{Environment.NewLine}- {fault}"))}");
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
