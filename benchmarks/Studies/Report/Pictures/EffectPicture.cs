using System.Globalization;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>What each method of each study gains over the baseline, with its interval, all on one scale.</summary>
internal static class EffectPicture
{
    private const double Left = 96;
    private const double Right = 40;
    private const double Line = 19;

    /// <summary>The file's text; <see langword="null"/> where no study has a method to compare.</summary>
    public static string? Of(IEnumerable<StudyComparison> all)
    {
        StudyComparison[] studies = [.. all.Where(study => study.Gains.Count > 0)];
        if (studies.Length == 0) return null;
        double[] ends = [.. studies.SelectMany(study => study.Gains).SelectMany(gain => gain.Gain.Interval is { } ends
            ? new[] { ends.Low, ends.High }
            : [gain.Gain.Difference])];
        var tight = Scale.Of(Math.Min(0, 100 * ends.Min()), Math.Max(0, 100 * ends.Max()));
        var scale = new Scale(tight.ValueAt(-0.03), tight.ValueAt(1.03));
        return Picture.Of(studies.Select((study, number) => Draw(study, scale, FormattableString.Invariant($"effect-{number}"))));
    }

    private static Markup Draw(StudyComparison study, Scale scale, string id)
    {
        // What a method is told is its style.
        LegendEntry[] legend =
        [
            .. study.Gains.Select(gain => study.ToldOf(gain.Method.Name)).Distinct().Order()
                .Select(told => Chart.Entry(told.InWords(), (int)told)),
        ];
        List<Markup> content =
        [
            Chart.Legend(legend, out double top),
            Chart.Heading(0, top + 14, FormattableString.Invariant($"{study.Name}, {study.Primary.Name}")),
        ];
        double first = top + 22, bottom = first + (study.Gains.Count * Line) + 4;
        foreach (double tick in scale.Ticks())
        {
            content.Add(Chart.Line(X(tick), first, X(tick), bottom, tick == 0 ? "base" : "rule"));
            content.Add(Chart.Text(X(tick), bottom + 15, tick.ToString("+0;−0;0", CultureInfo.InvariantCulture), "middle", "tick"));
        }

        double y = first + (Line / 2) + 2;
        List<string> said = [];
        foreach ((ComparedMethod method, PairedGain gain) in study.Gains)
        {
            int style = (int)study.ToldOf(method.Name);
            content.Add(Chart.Text(0, y + 4, method.Name));
            if (gain.Interval is { } interval) content.Add(Chart.Interval(X(100 * interval.Low), X(100 * interval.High), y, style));
            content.Add(Chart.Marker(X(100 * gain.Difference), y, style));
            content.Add(Chart.Text(Chart.Width, y + 4, Percentage.Difference(gain.Difference), "end"));
            said.Add($"{method.Name} {Percentage.Difference(gain.Difference)}, {gain.IntervalText}.");
            y += Line;
        }

        content.Add(Chart.Text(
            Chart.Width, bottom + 31, FormattableString.Invariant($"points above or below {study.BaselineName}, 95 % interval"), "end",
            "axis"));
        return Chart.Svg(
            id, bottom + 36, FormattableString.Invariant($"{study.Name}: difference to {study.BaselineName}"), string.Join(' ', said),
            content);

        double X(double value) => Left + (scale.At(value) * (Chart.Width - Left - Right));
    }
}
