namespace Studies;

/// <summary>The runs of a queue for one study under one set of conditions.</summary>
internal sealed class StudyComparison
{
    /// <summary>
    /// The figures that a table has columns for. The first of them that all methods have as what counts is the study's own.
    /// </summary>
    public static readonly IReadOnlyList<(string Name, string Figure)> Columns =
    [
        ("conflicting rows", StudyMetrics.Conflicting),
        ("agreeing rows", StudyMetrics.Agreeing),
        ("worst group", StudyMetrics.Worst),
        ("average", StudyMetrics.Average),
        ("mean of groups", StudyMetrics.Unbiased),
        ("flip rate", StudyMetrics.Flips),
        ("area under the curve", StudyMetrics.Auc),
        ("edits followed", StudyMetrics.EditsFollowed),
        ("worst identity", StudyMetrics.WorstIdentity),
    ];

    private static readonly string[] Baselines = ["plain", "student"];
    private static readonly string[] Own = ["sieve", "debiased"]; // as their names begin
    private static readonly string[] Oracles = ["group-dro", "dfr", "teacher-dro", "balanced", "augmented"];
    private static readonly string[] Refitted = ["afr", "readout-afr", "dfr"]; // likewise
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
               orderby Rank(method.Key.Method)
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
        Name = runs[0].Study;
        Classes = runs.Select(run => run.Points?.Classes).FirstOrDefault(classes => classes is not null);
        FinishedRun first = runs.FirstOrDefault(run => run.Method == BaselineName) ?? runs[0];
        Conditions = first.Conditions + (first.Steps is { } steps ? FormattableString.Invariant($", {steps:N0} steps") : "");
    }

    /// <summary>Compares all studies of some runs, in the order in which they come.</summary>
    public static IReadOnlyList<StudyComparison> All(IEnumerable<FinishedRun> runs) =>
        [.. runs.GroupBy(run => (run.Study, run.Conditions)).Select(study => new StudyComparison([.. study]))];

    /// <summary>Whether a method is told groups beyond those that choose epochs and settings.</summary>
    public static bool IsOracle(string method) => Oracles.Contains(method);

    /// <summary>Whether a method is this library's own, not one to compare it with.</summary>
    public static bool IsOwn(string method) => Own.Any(method.StartsWith);

    /// <summary>The study's name.</summary>
    public string Name { get; }

    /// <summary>Its name as a file and as a heading's anchor have it.</summary>
    public string FileName => string.Concat(Name.ToLowerInvariant().Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'));

    /// <summary>How many classes there are; <see langword="null"/> where no line says so.</summary>
    public int? Classes { get; }

    /// <summary>The figure that counts on test rows, with its column's name.</summary>
    public (string Name, string Figure) Primary => Columns.First(column => Methods.All(method => method.IsPrimary(column.Figure)));

    /// <summary>
    /// The figure of validation rows whose course is told: what counts, or, where the lines are older than that, the mean of groups.
    /// </summary>
    public (string Name, string Figure) CourseFigure => Methods.All(method => method.Course(Primary.Figure) is not null)
        ? Primary
        : Columns.Single(column => column.Figure == StudyMetrics.Unbiased);

    /// <summary>What each method but the baseline gains over it; empty where that is missing.</summary>
    public IReadOnlyList<(ComparedMethod Method, PairedGain Gain)> Gains => Baseline is { } baseline
        ? [.. Methods.Where(method => method != baseline).Select(method => (method, PairedGain.Of(method, baseline)))]
        : [];

    /// <summary>
    /// The course of a method; <see langword="null"/> where its last layer is fitted anew afterwards, so that it says little of it.
    /// </summary>
    public (double Kept, double LastThird)? CourseOf(ComparedMethod method) =>
        Refitted.Any(method.Name.StartsWith) ? null : method.Course(CourseFigure.Figure);

    /// <summary>The seeds of the final runs: those that any method has.</summary>
    public IReadOnlyList<int> Seeds { get; }

    /// <summary>The seeds of the search among settings that the methods name.</summary>
    public IReadOnlyList<int> SearchSeeds { get; }

    /// <summary>
    /// The methods with figures for each seed: the baseline, this library's own, others, the oracles, and else as they were run.
    /// </summary>
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

    /// <summary>
    /// The runs of the library's search that chose a method's setting; none where it was chosen among settings that the method names.
    /// </summary>
    public IReadOnlyList<FinishedRun> Searched(ComparedMethod method) => _searches
        .Where(run => run.Trial is not null && run.Method == method.Name)
        .GroupBy(run => run.Trial!.Search, (_, runs) => runs.ToArray())
        .LastOrDefault(runs => SearchedTrial.Choose(runs) == method.Setting, []);

    /// <summary>How many settings that the method names were tried.</summary>
    public int Tried(string method) =>
        _searches.Where(run => run.Trial is null && run.Method == method).Select(run => run.Settings).Distinct().Count();

    /// <summary>How many runs the choice of a method's setting took; none where it has one only.</summary>
    public int SearchRuns(ComparedMethod method)
    {
        if (Searched(method) is { Count: > 0 } searched) return searched.Count;
        return Tried(method.Name) > 1 ? _searches.Count(run => run.Trial is null && run.Method == method.Name) : 0;
    }

    private int Rank(string method) => method == BaselineName ? 0 : IsOwn(method) ? 1 : IsOracle(method) ? 3 : 2;
}
