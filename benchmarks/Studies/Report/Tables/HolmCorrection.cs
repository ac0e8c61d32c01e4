namespace Studies;

/// <summary>
/// Which verdicts remain where the chance that any of all of them is wrong is 5 % at most: Holm, "A simple sequentially rejective multiple
/// test procedure", 1979. Of many comparisons some come out better or worse by chance alone.
/// </summary>
internal static class HolmCorrection
{
    private const double Level = 0.05;

    /// <summary>A sentence on all comparisons of the studies' tables; empty where there are not several.</summary>
    public static string Of(IReadOnlyList<StudyComparison> studies)
    {
        (StudyComparison Study, string Name, PairedGain Gain)[] all =
        [
            .. from study in studies
               from each in study.Gains
                   .Select(each => (each.Method.Name, each.Gain))
                   .Concat(study.GainsOverPlainDistillation.Select(each => (Name: $"{each.Method.Name} over {each.Over.Name}", each.Gain)))
               where each.Gain.Interval is not null
               select (study, each.Name, each.Gain),
        ];
        if (all.Length < 2) return "";
        HashSet<PairedGain> kept = new(ReferenceEqualityComparer.Instance);
        foreach (PairedGain gain in all.Select(each => each.Gain).OrderBy(gain => gain.P))
        {
            if (gain.P > Level / (all.Length - kept.Count)) break;
            kept.Add(gain);
        }

        string remaining = string.Join("; ", all.Where(each => kept.Contains(each.Gain))
            .GroupBy(each => each.Study.Name)
            .Select(study => $"{study.Key}: {string.Join(", ", study.Select(each => $"{each.Name} ({each.Gain.Verdict})"))}"));
        string what = remaining.Length == 0 ? "no verdict remains." : $"these verdicts remain. {remaining}.";
        return PageLines.Of($"Corrected for all {all.Length} comparisons of these studies (Holm), {what}", indent: "");
    }
}
