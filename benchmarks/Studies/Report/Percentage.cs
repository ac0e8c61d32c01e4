using System.Globalization;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>Writes fractions as percentages with one decimal, without the sign.</summary>
internal static class Percentage
{
    /// <summary>One value; empty where it does not exist.</summary>
    public static string Of(double value) => double.IsNaN(value) ? "" : (100 * value).ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>Mean ± sample standard deviation; the value alone where there is one, since one has no spread.</summary>
    public static string Spread(IReadOnlyList<double> values)
    {
        if (values.Count == 1) return Of(values[0]);
        var mean = SampleMean.Of(values);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * mean.Value:F1} ± {100 * mean.Deviation:F1}");
    }

    /// <summary>A difference, with its sign.</summary>
    public static string Difference(double value) => (100 * value).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
