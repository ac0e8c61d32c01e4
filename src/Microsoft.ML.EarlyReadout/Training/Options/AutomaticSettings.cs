namespace Microsoft.ML.EarlyReadout;

/// <summary>Settles the options that were left automatic, once network and rows are known.</summary>
internal static class AutomaticSettings
{
    /// <returns>A copy without automatic options. What was settled is logged.</returns>
    /// <exception cref="ArgumentException">A readout is to tap a stage that the network does not have.</exception>
    public static TOptions Settle<TOptions>(TOptions options, TrainingFacts facts, Action<string> log)
        where TOptions : TrainerOptions
    {
        TOptions settled = options.Copy();
        settled.SetAutomatic(facts);
        IReadOnlyDictionary<string, string> given = OptionValues.Of(options);
        string[] chosen =
        [
            .. OptionValues.Of(settled).Where(option => given[option.Key] != option.Value).Select(option => $"{option.Key} {option.Value}"),
        ];
        if (chosen.Length > 0) log($"Automatic settings for {facts}: {string.Join(", ", chosen)}.");
        return settled;
    }
}
