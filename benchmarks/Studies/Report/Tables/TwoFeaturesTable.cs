namespace Studies;

/// <summary>Of two features: how often each decides where the other one is random, and how well each stage lets tell them.</summary>
internal static class TwoFeaturesTable
{
    /// <summary>The table; <see langword="null"/> where the runs have no such figures.</summary>
    /// <param name="methods">The methods of one study.</param>
    public static string? Of(IReadOnlyList<ComparedMethod> methods)
    {
        ComparedMethod[] shown = [.. methods.Where(method => method.Mean(StudyMetrics.SimpleRandomised) is not null)];
        if (shown.Length == 0) return null;
        string[][] stages = [.. Enumerable.Range(1, int.MaxValue - 1).Select(Both).TakeWhile(both => shown[0].Mean(both[0]) is not null)];
        var table = new MarkdownTable(
        [
            "accuracy", "by the complex half", "by the simple half",
            .. stages.Select((_, index) => FormattableString.Invariant($"decoded from stage {index + 1}: complex, simple")),
        ]);
        foreach (ComparedMethod method in shown)
        {
            table.Add(
            [
                method.Name, Of(StudyMetrics.SimpleRandomised), Of(StudyMetrics.ComplexRandomised),
                .. stages.Select(both => string.Join(", ", both.Select(Of))),
            ]);

            string Of(string figure) => Percentage.Of(method.Mean(figure) ?? double.NaN);
        }

        return table.ToString();
    }

    private static string[] Both(int stage) =>
        [StudyMetrics.Decodable(Feature.Complex, stage), StudyMetrics.Decodable(Feature.Simple, stage)];
}
