using System.Globalization;

namespace Studies;

/// <summary>Writes fractions as percentages with one decimal, without the sign.</summary>
internal static class Percentage
{
    /// <summary>One value; empty where it does not exist.</summary>
    public static string Of(double value) => double.IsNaN(value) ? "" : (100 * value).ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>A difference, with its sign.</summary>
    public static string Difference(double value) => (100 * value).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
