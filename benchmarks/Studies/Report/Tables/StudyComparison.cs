namespace Studies;

/// <summary>The runs of a queue for one study under one set of conditions.</summary>
internal sealed class StudyComparison
{
    private static readonly string[] Baselines = ["plain", "student"];
    private readonly FinishedRun[] _searches;

    /// <summary>Compares them.</summary>
    /// <param name="runs">The runs, one or more.</param>
    public StudyComparison(IReadOnlyList<FinishedRun> runs)
    {
        FinishedRun[] finals = [.. runs.Where(run => run.Phase == RunPhase.Final)];
        _searches = [.. runs.Where(run => run.Phase == RunPhase.Search)];
        Seeds = [.. finals.Select(run => run.Seed).Distinct().Order()];
        BaselineName = Baselines.FirstOrDefault(name => runs.Any(run => run.Method == name)) ?? Baselines[0];
        SearchSeeds = [.. _searches.Where(run => run.Trial is null).Select(run => run.Seed).Distinct().Order()];
        Methods =
        [
            .. from run in finals
               where run.Primary is not null
               group run by (run.Method, run.Settings) into method
               where Seeds.All(seed => method.Any(run => run.Seed == seed))
               orderby method.Key.Method != BaselineName
               select new ComparedMethod([.. method.DistinctBy(run => run.Seed).OrderBy(run => run.Seed)]),
        ];
        LeftOut =
        [
            .. from method in runs.Select(run => run.Method).Distinct().Except(Methods.Select(method => method.Name))
               select (method, finals.Count(run => run.Method == method && run.Primary is not null)),
        ];
        Origins =
        [
            .. from run in runs
               group run by (run.Processor, Commit: run.Commit[..Math.Min(run.Commit.Length, 7)]) into origin
               let precisions = string.Join(" and ", origin.Select(run => run.Precision).OfType<string>().Distinct())
               select FormattableString.Invariant($"{origin.Count()} runs: {origin.Key.Processor}, {precisions}, ")
                   + FormattableString.Invariant($"commit {origin.Key.Commit}, {origin.Max(run => run.Time):yyyy-MM-dd}."),
        ];
        Conditions = runs[0].Conditions + (runs[0].Steps is { } steps ? FormattableString.Invariant($", {steps:N0} steps") : "");
    }

    /// <summary>The seeds of the final runs: those that any method has.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>The seeds of the search among settings that the methods name.</summary>
    public IReadOnlyList<int> SearchSeeds { get; }

    /// <summary>The methods with figures for each seed, the baseline first, the others as they were run.</summary>
    public IReadOnlyList<ComparedMethod> Methods { get; }

    /// <summary>
    /// What the others are compared with, the network trained with nothing added: plain training, or in a study of students the one
    /// without a teacher.
    /// </summary>
    public string BaselineName { get; }

    /// <summary>Its final runs; <see langword="null"/> where it lacks figures for a seed.</summary>
    public ComparedMethod? Baseline => Methods.FirstOrDefault(method => method.Name == BaselineName);

    /// <summary>The methods that lack figures for a seed, and how many they have.</summary>
    public IReadOnlyList<(string Method, int Finals)> LeftOut { get; }

    /// <summary>What made the runs.</summary>
    public IReadOnlyList<string> Origins { get; }

    /// <summary>Rows, epochs and what else the runs share.</summary>
    public string Conditions { get; }

    /// <summary>How many runs of the search diverged, of the methods where any did.</summary>
    public IEnumerable<(string Method, int Count)> Diverged =>
        _searches.Where(run => run.Diverged is not null).CountBy(run => run.Method).Select(method => (method.Key, method.Value));

    /// <summary>The runs of the library's search that chose a method's setting; none where it was chosen among settings that the method names.</summary>
    public IReadOnlyList<FinishedRun> Searched(ComparedMethod method) => _searches
        .Where(run => run.Trial is not null && run.Method == method.Name)
        .GroupBy(run => run.Trial!.Search, (_, runs) => runs.ToArray())
        .LastOrDefault(runs => SearchedTrial.Choose(runs) == method.Setting, []);

    /// <summary>How many settings that the method names were tried.</summary>
    public int Tried(string method) => _searches.Where(run => run.Trial is null && run.Method == method).Select(run => run.Settings).Distinct().Count();
}
