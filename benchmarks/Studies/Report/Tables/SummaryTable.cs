namespace Studies;

/// <summary>
/// Every study in a line or two: this library's own methods beside the baseline, debiased students also beside plain ones.
/// </summary>
internal static class SummaryTable
{
    private const string None = "–";

    /// <summary>The table.</summary>
    public static string Of(IReadOnlyList<StudyComparison> studies)
    {
        var table = new MarkdownTable(
            ["study", "test figure", "baseline", "%", "method", "%", "difference, 95 % interval", "verdict", "runs of its search"]);
        foreach (StudyComparison study in studies.Where(study => study.HasVerdicts))
        {
            string name = $"[{study.Name}](#{study.FileName})";
            foreach (ComparedMethod method in study.Methods.Where(method => StudyComparison.IsOwn(method.Name)))
            {
                if (study.Baseline is { } baseline) Add(method, baseline, PairedGain.Of(method, baseline));
                else if (study.DivergedBaseline is { } diverged)
                    Row(diverged.Name, None, method.Name, Mean(method), None, $"{diverged.Name} {diverged.Verdict}", method.Setting);
                foreach ((_, ComparedMethod over, PairedGain gain) in study.GainsOverPlainDistillation.Where(each => each.Method == method))
                    Add(method, over, gain);
            }

            foreach (LeftOutMethod lost in study.DivergedOwn)
            {
                string baseline = study.Baseline is { } known ? Mean(known) : None;
                Row(study.BaselineName, baseline, lost.Name, None, None, lost.Verdict, lost.Setting);
            }

            void Add(ComparedMethod method, ComparedMethod over, PairedGain gain) => Row(
                over.Name, Mean(over), method.Name, Mean(method), $"{Percentage.Difference(gain.Difference)} ({gain.IntervalText})",
                gain.Verdict, method.Setting);

            void Row(string over, string overMean, string method, string mean, string difference, string verdict, string setting) =>
                table.Add(
                    name, study.Primary.Name, study.Title(over), overMean, study.Title(method), mean, difference, verdict,
                    $"{study.SearchRuns(method, setting)}");
        }

        return table.ToString();
    }

    private static string Mean(ComparedMethod method) => Percentage.Of(method.Primary.Average());
}
