namespace Microsoft.ML.EarlyReadout;

/// <summary>After how many steps trials are compared, and runs validated.</summary>
/// <param name="Steps">The steps of each rung, ascending; the last are all that a run has.</param>
/// <param name="ValidateEvery">Steps from one validation to the next; each rung is at one.</param>
internal sealed record RungPlan(IReadOnlyList<int> Steps, int ValidateEvery)
{
    // A rung's figure is that of the best validation up to it, so that even the first has a choice.
    private const int ValidationsInFirstRung = 2;
    private const int ValidationsInFull = 20; // where no trial is stopped early

    /// <summary>The number of rungs.</summary>
    public int Count => Steps.Count;

    /// <summary>Lays out the rungs.</summary>
    /// <param name="halving">How; <see langword="null"/>: the end is the only rung.</param>
    /// <param name="steps">All steps of a run.</param>
    /// <param name="validateEvery">Steps from one validation to the next, where they are given.</param>
    public static RungPlan Of(HalvingOptions? halving, int steps, int? validateEvery)
    {
        if (halving is null) return new RungPlan([steps], validateEvery ?? PartOf(steps, ValidationsInFull));
        long first = Math.Min(steps, halving.FirstSteps ?? PartOf(steps, (long)halving.Factor * halving.Factor));
        int every = validateEvery ?? PartOf((int)first, ValidationsInFirstRung);
        var rungs = new List<int>();
        for (long rung = first; rung < steps; rung *= halving.Factor)
        {
            long atValidation = (rung + every - 1) / every * every;
            if (atValidation < steps && (rungs.Count == 0 || atValidation > rungs[^1])) rungs.Add((int)atValidation);
        }

        return new RungPlan([.. rungs, steps], every);
    }

    private static int PartOf(int steps, long parts) => (int)((steps + parts - 1) / parts);
}
