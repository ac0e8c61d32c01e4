namespace Studies;

/// <summary>Of two features: how often each decides where the other one is random, and how well each stage lets tell them.</summary>
internal static class TwoFeaturesTable
{
    /// <summary>The table; <see langword="null"/> where the runs have no such figures.</summary>
    /// <param name="methods">The methods of one study.</param>
    public static string? Of(IReadOnlyList<ComparedMethod> methods)
    {
        ComparedMethod[] shown = [.. methods.Where(method => method.Mean(Figures.SimpleRandomised) is not null)];
        if (shown.Length == 0) return null;
        int[] stages = [.. Enumerable.Range(1, int.MaxValue - 1).TakeWhile(stage => shown[0].Mean(Figures.Decodable(Feature.Complex, stage)) is not null)];
        var table = new MarkdownTable(
            ["accuracy", "by the complex half", "by the simple half", .. stages.Select(stage => $"decoded from stage {stage}: complex, simple")]);
        foreach (ComparedMethod method in shown)
        {
            table.Add(
            [
                method.Name, Of(Figures.SimpleRandomised), Of(Figures.ComplexRandomised),
                .. stages.Select(stage => $"{Of(Figures.Decodable(Feature.Complex, stage))}, {Of(Figures.Decodable(Feature.Simple, stage))}"),
            ]);

            string Of(string figure) => Percentage.Of(method.Mean(figure) ?? double.NaN);
        }

        return table.ToString();
    }
}
