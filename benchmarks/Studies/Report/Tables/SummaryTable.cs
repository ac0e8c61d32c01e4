namespace Studies;

/// <summary>Every study in a line or two: this library's own methods beside the baseline.</summary>
internal static class SummaryTable
{
    /// <summary>The table.</summary>
    public static string Of(IReadOnlyList<StudyComparison> studies)
    {
        var table = new MarkdownTable(
            ["study", "test figure", "baseline", "", "method", "", "difference, 95 % interval", "verdict", "runs of its search"]);
        foreach (StudyComparison study in studies)
        {
            foreach ((ComparedMethod method, PairedGain gain) in study.Gains.Where(each => StudyComparison.IsOwn(each.Method.Name)))
            {
                table.Add(
                    $"[{study.Name}](#{study.FileName})", study.Primary.Name, study.BaselineName,
                    Percentage.Of(study.Baseline!.Primary.Average()),
                    method.Name, Percentage.Of(method.Primary.Average()), $"{Percentage.Difference(gain.Difference)} ({gain.IntervalText})",
                    gain.Verdict, $"{study.SearchRuns(method)}");
            }
        }

        return table.ToString();
    }
}
