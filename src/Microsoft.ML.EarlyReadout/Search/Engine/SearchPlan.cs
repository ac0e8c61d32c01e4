namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// All that a search may train: trials, seeds, rungs, and the numbers of the runs. It follows from options and data alone, so that every
/// process that shares the search has the same.
/// </summary>
internal sealed record SearchPlan
{
    /// <summary>Where plain training has settings that are varied, every so-manieth trial is plain.</summary>
    private const int PlainEvery = 5;

    private const int OthersFirst = 0;
    private const int PlainMeanwhile = 1; // nothing waits for it until the end
    private const int ConfirmationMeanwhile = 2;

    /// <summary>What plain training is called.</summary>
    public required string PlainName { get; init; }

    /// <summary>The trials, by number.</summary>
    public required IReadOnlyList<PlannedTrial> Trials { get; init; }

    /// <summary>The options that are drawn as multiples of the main learning rate.</summary>
    public IReadOnlyList<string> Multiples { get; init; } = [];

    /// <summary>The rungs.</summary>
    public required RungPlan Rungs { get; init; }

    /// <summary>Of so many trials one goes on to the next rung.</summary>
    public required int Factor { get; init; }

    /// <summary>The seeds of each trial.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>The fresh seeds of the confirmation.</summary>
    public required IReadOnlyList<int> ConfirmationSeeds { get; init; }

    /// <summary>Draws the trials.</summary>
    /// <param name="space">What is varied.</param>
    /// <param name="network">What the space is cut to.</param>
    /// <param name="count">How many are drawn, besides plain training.</param>
    /// <param name="seeds">What is drawn by.</param>
    /// <param name="known">Options whose settings are tried before those that are drawn.</param>
    /// <exception cref="ArgumentException">Something cannot run on the network; the message says what it has.</exception>
    public static IReadOnlyList<PlannedTrial> Draw(
        ITrialSpace space, SearchedNetwork network, int count, SeedSequence seeds, params IReadOnlyList<TrainerOptions> known)
    {
        IReadOnlyList<Axis> axes = space.Axes(network);
        bool variesPlain = axes.Any(axis => axis.IsPlains);
        var trials = new List<PlannedTrial> { new(0, true, space.Plain, network.MainRateOf(null)) };
        var seen = new HashSet<string> { TrialSettings.ToJson(space.Plain) };
        foreach ((int i, TrainerOptions options) in known.Index())
        {
            OrderedDictionary<string, string> settings = TrialSettings.Of(axes, options);
            network.RequireStage(settings, FormattableString.Invariant($"KnownSettings[{i}]"));
            bool isPlain = space.Plain.Count > 0 && space.Plain.All(each => settings.GetValueOrDefault(each.Key) == each.Value);
            if (isPlain) settings = Plain(settings);
            if (!seen.Add(TrialSettings.ToJson(settings))) continue;
            double mainRate = network.MainRateOf(TrialSettings.MainRateOf(settings));
            trials.Add(new PlannedTrial(trials.Count, isPlain, settings, mainRate) { IsKnown = true });
        }

        foreach ((int i, double[] point) in TrialDraw.Draw(axes, count, seeds).Index())
        {
            bool isPlain = variesPlain && i % PlainEvery == PlainEvery - 1;
            OrderedDictionary<string, string> settings = TrialSettings.Of(axes, point, network);
            if (isPlain) settings = Plain(settings);
            if (!seen.Add(TrialSettings.ToJson(settings))) continue;
            trials.Add(new PlannedTrial(trials.Count, isPlain, settings, TrialSettings.MainRateOf(axes, point, network)));
        }

        return trials;

        OrderedDictionary<string, string> Plain(OrderedDictionary<string, string> drawn)
        {
            var plain = new OrderedDictionary<string, string>(space.Plain);
            foreach (Axis axis in axes.Where(axis => axis.IsPlains))
                if (drawn.TryGetValue(axis.Option, out string? value)) plain[axis.Option] = value;
            return plain;
        }
    }

    /// <summary>Draws seeds for runs, which all differ.</summary>
    public static int[] DrawSeeds(SeedSequence seeds, int count)
    {
        SplitMix64 numbers = seeds.Numbers();
        var drawn = new OrderedDictionary<int, int>();
        while (drawn.Count < count) drawn[(int)(numbers.Next() >> 33)] = 0;
        return [.. drawn.Keys];
    }

    /// <summary>
    /// The runs that there are from the start. The confirmation of plain training is among them where it is known which that is: it keeps
    /// workers busy that would wait.
    /// </summary>
    public IEnumerable<SearchRun> FirstRuns()
    {
        foreach (PlannedTrial trial in Trials)
        {
            (int granted, int priority) = trial.IsPlain ? (Rungs.Count, PlainMeanwhile) : (1, OthersFirst);
            foreach ((int i, int seed) in Seeds.Index()) yield return Run(trial, (trial.Number * Seeds.Count) + i, seed, granted, priority);
        }

        if (Trials.Count(trial => trial.IsPlain) == 1)
            foreach (SearchRun run in ConfirmationOf(Trials[0], ConfirmationMeanwhile)) yield return run;
    }

    /// <summary>The runs of a trial on fresh seeds.</summary>
    public IEnumerable<SearchRun> ConfirmationOf(PlannedTrial trial, int priority = OthersFirst) => ConfirmationSeeds.Index().Select(each =>
        Run(trial, (Trials.Count * Seeds.Count) + (trial.Number * ConfirmationSeeds.Count) + each.Index, each.Item, Rungs.Count, priority));

    /// <summary>Whether a run is on a fresh seed.</summary>
    public bool IsConfirmation(SearchRun run) => run.Number >= Trials.Count * Seeds.Count;

    private SearchRun Run(PlannedTrial trial, int number, int seed, int granted, int priority) =>
        new(number, trial.Number, seed, TrialSettings.ToJson(trial.Settings), Rungs.Count, granted, priority);
}
