namespace Microsoft.ML.EarlyReadout;

/// <summary>Says why a run failed whose workers let their leases run out: they cannot say it themselves.</summary>
internal static class DeadWorkers
{
    /// <summary>A run's message, for people.</summary>
    /// <param name="message">What a worker last said of its failure, if any did.</param>
    /// <param name="deaths">How many of its failures were leases that ran out.</param>
    public static string? Message(string? message, int deaths)
    {
        if (deaths == 0) return message;
        string times = deaths == 1 ? "once" : FormattableString.Invariant($"{deaths} times");
        string died = $"Its worker died {times}, or could not renew its lease.";
        return message is null ? died : $"{message} {died}";
    }
}
