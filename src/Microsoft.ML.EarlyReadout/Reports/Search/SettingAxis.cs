using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A setting in which trials differ, as an axis: of numbers, by lengths or by factors, or of a few values side by side.</summary>
/// <param name="Option">The option.</param>
/// <param name="Label">The option with its unit.</param>
/// <param name="IsMultiple">Whether numbers are taken as multiples of the main learning rate.</param>
/// <param name="Scale">Where its values lie.</param>
/// <param name="Names">The values that lie at 0, 1, 2 and so on; <see langword="null"/>: the scale is of the values themselves.</param>
internal sealed record SettingAxis(string Option, string Label, bool IsMultiple, Scale Scale, IReadOnlyList<string>? Names)
{
    private const int MostNames = 12;
    private const double LeastFactor = 10; // between the ends of a logarithmic axis
    private const double Margin = 0.03;

    /// <summary>The axis of a setting; <see langword="null"/> where trials do not differ in it.</summary>
    public static SettingAxis? Of(SearchResult result, string option)
    {
        bool isMultiple = result.Multiples.Contains(option);
        SearchTrial[] set = [.. result.Trials.Where(trial => trial.Settings.ContainsKey(option))];
        string[] values = [.. set.Select(trial => ReportedSearch.Setting(trial, option)!).Distinct()];
        if (values.Length < 2) return null;
        double?[] numbers = [.. set.Select(trial => ValueOf(trial, option, isMultiple))];
        bool areNumbers = !numbers.Contains(null);
        if (!areNumbers || (values.Length <= MostNames && numbers.All(number => number == Math.Round(number!.Value))))
        {
            IEnumerable<string> ordered = areNumbers
                ? values.OrderBy(value => double.Parse(value, CultureInfo.InvariantCulture))
                : values.Order(StringComparer.Ordinal);
            string[] names = [.. ordered];
            return new SettingAxis(option, option, isMultiple, new Scale(-0.5, names.Length - 0.5), names);
        }

        (double low, double high) = (numbers.Min()!.Value, numbers.Max()!.Value);
        var scale = Scale.Of(low, high, low > 0 && high / low >= LeastFactor);
        string label = (isMultiple, scale.IsLog) switch
        {
            (true, true) => $"{option} (multiple of the main rate, logarithmic)",
            (true, false) => $"{option} (multiple of the main rate)",
            (false, true) => $"{option} (logarithmic)",
            _ => option,
        };
        return new SettingAxis(option, label, isMultiple, new Scale(scale.ValueAt(-Margin), scale.ValueAt(1 + Margin), scale.IsLog), null);
    }

    /// <summary>Where a trial lies; <see langword="null"/> where it does not set the option.</summary>
    public double? At(SearchTrial trial)
    {
        if (Names is null) return ValueOf(trial, Option, IsMultiple);
        return ReportedSearch.Setting(trial, Option) is { } value ? Names.ToList().IndexOf(value) : null;
    }

    private static double? ValueOf(SearchTrial trial, string option, bool isMultiple) =>
        ReportedSearch.Number(trial, option) / (isMultiple ? trial.LearningRate : 1);
}
