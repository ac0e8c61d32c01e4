using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;

namespace Studies;

/// <summary>Collects what a trainer logs about its epochs and readouts: why a method helps or does not.</summary>
internal sealed partial class EpochLog
{
    private static readonly string[] Beginnings = ["Epoch ", "The readout "];
    private readonly List<string> _lines = [];

    /// <summary>The lines, in order.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Listens to a context.</summary>
    public void Attach(MLContext ml) => ml.Log += (_, entry) =>
    {
        if (Beginnings.Any(beginning => entry.RawMessage.StartsWith(beginning, StringComparison.Ordinal))) _lines.Add(entry.RawMessage);
    };

    /// <summary>
    /// The forgetting loss of the last epoch, before and after a forgetting step, such as <c>1.93 → 2.30</c>, or the one figure of a joint
    /// update; empty where nothing was forgotten.
    /// </summary>
    public static string LastOf(IReadOnlyList<string> lines)
    {
        Match match = lines.Count == 0 ? Match.Empty : ForgettingLoss().Match(lines[^1]);
        return string.Join(" → ", match.Groups.Values.Skip(1).Where(group => group.Success).Select(group => Short(group.Value)));
    }

    private static string Short(string number) =>
        double.Parse(number, CultureInfo.InvariantCulture).ToString("F2", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"forgetting loss (?<before>[\d.]+)(?: → (?<after>[\d.]+))?")]
    private static partial Regex ForgettingLoss();
}
