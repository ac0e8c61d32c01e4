using System.Globalization;

namespace Studies;

/// <summary>
/// The sieve paper's shape: a row a data set, plain training beside the sieve, and the relative gain beside the published one.
/// </summary>
internal static class SieveTable
{
    /// <summary>The table; rows of data sets that are only quoted say so.</summary>
    public static string Of(IReadOnlyList<ConditionRecords> studies)
    {
        var table = new MarkdownTable(
            "data set", "method", "accuracy on", "seeds", "plain, measured", "method, measured", "its setting", "relative gain, measured",
            "published gain, quoted", "quoted from", "conditions of ours");
        foreach (ConditionRecords study in studies.Where(study => study.IsSieve))
        {
            PublishedFigure? published = PublishedFigure.Sieve.FirstOrDefault(figure => figure.Study == study.Study);
            foreach (MethodRecords sieve in study.Methods.Where(method => method.Method.StartsWith("sieve", StringComparison.Ordinal)))
            {
                // Rows on which the cue misleads, where they are known; the test split of bar holds no others.
                string figure = sieve.Values(StudyMetrics.Conflicting).Count > 0 ? StudyMetrics.Conflicting : StudyMetrics.Average;
                MethodRecords? plain = study.Methods.FirstOrDefault(
                    method => method.Method.StartsWith("plain", StringComparison.Ordinal) && Rate(method) == Rate(sieve));
                table.Add(
                    study.Study,
                    sieve.Method,
                    figure == StudyMetrics.Conflicting ? "conflicting rows" : "test rows",
                    sieve.Seeds,
                    plain?.Cell(figure) ?? "–",
                    sieve.Cell(figure),
                    sieve.Setting,
                    sieve.Mean(figure) is { } sieved && plain?.Mean(figure) is { } unsieved
                        ? string.Create(CultureInfo.InvariantCulture, $"{100 * ((sieved / unsieved) - 1):+0.0;-0.0;0.0} %")
                        : "–",
                    published?.Figure ?? "–",
                    published?.Source ?? "–",
                    study.Conditions);
            }
        }

        foreach (PublishedFigure figure in PublishedFigure.Sieve.Where(
            figure => !studies.Any(study => study.IsSieve && study.Study == figure.Study)))
            table.Add(figure.DataSet, figure.Method, "–", "not run", "–", "–", "–", "–", figure.Figure, figure.Source, "–");
        return table.ToString();
    }

    private static string Rate(MethodRecords method) => method.Setting.Split(',')[0];
}
