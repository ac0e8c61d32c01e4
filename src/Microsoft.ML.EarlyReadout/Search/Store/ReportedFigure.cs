namespace Microsoft.ML.EarlyReadout;

/// <summary>What every store asks of a report.</summary>
internal static class ReportedFigure
{
    /// <summary>Refuses a rung that the run does not have, and a figure that databases do not sort alike.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rung is not one of the run's, or the figure is not a number.</exception>
    public static void Check(RunClaim claim, int rung, double figure)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rung, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rung, claim.Run.Rungs);
        if (double.IsNaN(figure))
            throw new ArgumentOutOfRangeException(nameof(figure), "A figure must be a number: a run that gave none has the worst figure.");
    }
}
