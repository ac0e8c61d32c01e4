using Microsoft.ML.EarlyReadout;

/// <summary>Which of two networks has the better worst group.</summary>
internal static class Verdict
{
    public static string Of(GroupMetrics plain, GroupMetrics sieve)
    {
        double gain = sieve.WorstGroupAccuracy - plain.WorstGroupAccuracy;
        ConfidenceInterval old = plain.WorstGroupAccuracyInterval, now = sieve.WorstGroupAccuracyInterval;
        bool areApart = now.Low > old.High || old.Low > now.High;
        string which = gain == 0 ? "They are equal" : $"{(gain > 0 ? "The sieve" : "Plain training")} is better";
        string chance = gain == 0 || areApart ? "" : ", but the 95 % intervals overlap: it may be chance";
        return FormattableString.Invariant(
            $"Worst group: plain {plain.WorstGroupAccuracy:P1}, sieve {sieve.WorstGroupAccuracy:P1}. {which}{chance}.");
    }
}
