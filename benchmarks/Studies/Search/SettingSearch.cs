namespace Studies;

/// <summary>What a search chose by one criterion.</summary>
/// <param name="Criterion">The criterion.</param>
/// <param name="Plain">The best plain setting.</param>
/// <param name="Sieve">The best of all settings; may be <paramref name="Plain"/>, which is "no forgetting".</param>
/// <param name="Forgetting">The best setting that forgets, or <see langword="null"/> where all diverged.</param>
internal sealed record Choice(Criterion Criterion, Setting Plain, Setting Sieve, Setting? Forgetting);

/// <summary>
/// Chooses settings on validation rows: first a learning rate for plain training, then, at that rate, among "no forgetting" and settings
/// that forget. Its seeds are not those of the final runs, and it never sees test rows.
/// </summary>
internal sealed class SettingSearch(SieveStudy study, StudyOptions options, StudyRunner runner)
{
    private const int FirstSeed = 1001;
    private readonly Dictionary<(Criterion, Setting), Trial> _trials = [];

    /// <summary>All that was tried, in the order in which it was.</summary>
    public IReadOnlyCollection<Trial> Trials => _trials.Values;

    /// <summary>Searches by one criterion.</summary>
    /// <exception cref="InvalidOperationException">Plain training diverged at every learning rate.</exception>
    public Choice Choose(Criterion criterion)
    {
        Trial plain = Best(Rates().Select(rate => Try(criterion, Setting.Plain(rate))), criterion)
            ?? throw new InvalidOperationException(
                $"{study.Name}: plain training diverged at every learning rate tried ({string.Join(", ", Rates())}).");
        Trial[] forgetting = options.Method == "plain"
            ? []
            : [.. Candidates(plain.Setting.LearningRate).Select(setting => Try(criterion, setting))];
        Trial chosen = Best([plain, .. forgetting], criterion)!;
        return new Choice(criterion, plain.Setting, chosen.Setting, Best(forgetting, criterion)?.Setting);
    }

    /// <summary>What the command line names, untried.</summary>
    /// <exception cref="UsageException">It does not name exactly one of each.</exception>
    public Choice Take(Criterion criterion)
    {
        if (options.Rates.Count != 1 || options.Settings.Count != 1)
            throw new UsageException("--no-search needs exactly one --rate and one --setting.");
        Setting sieve = Setting.Parse(options.Settings[0], options.Rates[0]);
        return new Choice(criterion, Setting.Plain(options.Rates[0]), sieve, sieve);
    }

    private IReadOnlyList<double> Rates() =>
        options.Rates.Count > 0 ? options.Rates : options.Quick ? study.Space.LearningRates[..1] : study.Space.LearningRates;

    private IEnumerable<Setting> Candidates(double rate) =>
        options.Settings.Select(text => Setting.Parse(text, rate))
            .Concat(study.Space.Draw(DrawnTrials(), rate, RandomSources.For(FirstSeed, RandomSources.Settings)))
            .Distinct();

    private int DrawnTrials() => options.Trials ?? (options.Settings.Count > 0 ? 0 : options.Quick ? 1 : study.DefaultTrials);

    private Trial Try(Criterion criterion, Setting setting) =>
        _trials[(criterion, setting)] = new Trial(
            criterion, setting,
            [.. Enumerable.Range(FirstSeed, options.SearchSeeds).Select(seed => runner.Search(criterion, setting, seed))]);

    // The first of equals: no forgetting is named first, so forgetting has to earn its place.
    private static Trial? Best(IEnumerable<Trial> trials, Criterion criterion) =>
        trials.Where(trial => !trial.Diverged).MaxBy(trial => trial.Mean(criterion.Figure));
}
