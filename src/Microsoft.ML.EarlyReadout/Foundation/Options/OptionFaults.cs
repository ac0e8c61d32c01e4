using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Collects everything that is wrong with a set of options, so that one exception can say all of it.</summary>
internal sealed class OptionFaults
{
    private readonly List<string> _faults = [];

    public void Add(string fault) => _faults.Add(fault);

    public void Add(IEnumerable<string> faults) => _faults.AddRange(faults);

    /// <summary>Adds those of options that are part of these.</summary>
    public void AddOf(string part, OptionFaults faults) => Add(faults._faults.Select(fault => $"{part}: {fault}"));

    /// <summary>Null, here and below, is automatic and right.</summary>
    public void AtLeast(string name, double? value, double minimum)
    {
        if (value is { } given && (!(given >= minimum) || double.IsInfinity(given))) _faults.Add($"{name} is {Text(given)}; it must be at least {Text(minimum)}.");
    }

    public void GreaterThan(string name, double? value, double bound)
    {
        if (value is { } given && (!(given > bound) || double.IsInfinity(given))) _faults.Add($"{name} is {Text(given)}; it must be greater than {Text(bound)}.");
    }

    /// <summary>The half-open range [minimum, end).</summary>
    public void Within(string name, double value, double minimum, double end)
    {
        if (!(value >= minimum && value < end)) _faults.Add($"{name} is {Text(value)}; it must be at least {Text(minimum)} and less than {Text(end)}.");
    }

    /// <summary>The closed range [minimum, maximum].</summary>
    public void From(string name, double? value, double minimum, double maximum)
    {
        if (value is { } given && !(given >= minimum && given <= maximum)) _faults.Add($"{name} is {Text(given)}; it must be from {Text(minimum)} to {Text(maximum)}.");
    }

    /// <summary>Whole numbers to choose among; null is right here too.</summary>
    public void Choices(string name, int[]? values, int minimum)
    {
        if (values is { Length: 0 }) _faults.Add($"{name} is empty; give at least one value.");
        foreach (int value in values ?? []) AtLeast(name, value, minimum);
    }

    public void NotEmpty(string name, string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) _faults.Add($"{name} is empty; it must name a column.");
    }

    public void NullOrNotEmpty(string name, string? value)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value)) _faults.Add($"{name} is empty; it must name a column, or be null.");
    }

    /// <summary>Whether a nested object is there, so that its own options can be looked at.</summary>
    public bool Given(string name, [NotNullWhen(true)] object? value)
    {
        if (value is null) _faults.Add($"{name} is null; leave it at its default instead.");
        return value is not null;
    }

    public void Defined<T>(string name, T value) where T : struct, Enum
    {
        if (!Enum.IsDefined(value)) _faults.Add($"{name} is {value}; it must be one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    /// <exception cref="ArgumentException">There is a fault; the message lists them all.</exception>
    public void ThrowIfAny(string owner)
    {
        if (_faults.Count == 0) return;
        string count = _faults.Count == 1 ? "1 fault" : $"{_faults.Count} faults";
        throw new ArgumentException($"{owner} has {count}:{string.Concat(_faults.Select(fault => $"{Environment.NewLine}- {fault}"))}");
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
