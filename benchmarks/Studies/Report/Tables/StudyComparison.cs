namespace Studies;

/// <summary>The runs of one study under one set of conditions.</summary>
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

    private const string Student = "student";
    private const string Debiased = "debiased";
    private static readonly string[] Baselines = ["plain", Student];
    private static readonly string[] Own = ["sieve", Debiased]; // as their names begin
    private static readonly string[] Refitted = ["afr", "readout-afr", "dfr"]; // likewise
    private static readonly string[] ToldGroups = ["group-dro", "dfr", "teacher-dro"];
    private static readonly string[] ToldRows = ["balanced", "augmented"];
    private static readonly string[] Taught = ["kd", Debiased, "simkd", "dett"]; // in a study of students by teacher-dro
    private readonly FinishedRun[] _searches;
    private readonly FinishedRun[] _finals;

    /// <summary>Compares them.</summary>
    /// <param name="runs">The runs, one or more.</param>
    public StudyComparison(IReadOnlyList<FinishedRun> runs)
    {
        _finals = [.. runs.Where(run => run.Phase == RunPhase.Final)];
        _searches = [.. runs.Where(run => run.Phase == RunPhase.Search)];
        Seeds = [.. _finals.Select(run => run.Seed).Distinct().Order()];
        BaselineName = Baselines.FirstOrDefault(name => runs.Any(run => run.Method == name)) ?? Baselines[0];
        SearchSeeds = [.. _searches.Where(run => run.Trial is null).Select(run => run.Seed).Distinct().Order()];
        Methods =
        [
            .. from run in _finals
               where run.Primary is not null
               group run by (run.Method, run.Settings) into method
               where Seeds.All(seed => method.Any(run => run.Seed == seed))
               orderby Rank(method.Key.Method)
               select new ComparedMethod([.. method.DistinctBy(run => run.Seed).OrderBy(run => run.Seed)]),
        ];
        LeftOut =
        [
            .. from method in runs.Select(run => run.Method).Distinct().Except(Methods.Select(method => method.Name))
               let finals = _finals.Where(run => run.Method == method).ToArray()
               select new LeftOutMethod(
                   method, finals.LastOrDefault()?.Settings ?? "", finals.Count(run => run.Primary is not null),
                   finals.Count(run => run.Diverged is not null)),
        ];
        Origins =
        [
            .. from run in runs
               group run by run.Processor into origin
               let precisions = string.Join(" and ", origin.Select(run => run.Precision).OfType<string>().Distinct())
               let commits = string.Join(", ", origin.Select(run => run.Commit[..Math.Min(run.Commit.Length, 7)]).Distinct())
               select FormattableString.Invariant($"{origin.Count()} of its runs: {origin.Key}, {precisions}, ")
                   + FormattableString.Invariant($"commit {commits}, until {origin.Max(run => run.Time):yyyy-MM-dd}."),
        ];
        Name = runs[0].Study;
        Classes = runs.Select(run => run.Points?.Classes).FirstOrDefault(classes => classes is not null);
        FinishedRun first = runs.FirstOrDefault(run => run.Method == BaselineName) ?? runs[0];
        Conditions = first.Conditions + (first.Steps is { } steps ? FormattableString.Invariant($", {steps:N0} steps") : "");
    }

    /// <summary>Compares all studies of some runs, in the order in which they come.</summary>
    public static IReadOnlyList<StudyComparison> All(IEnumerable<FinishedRun> runs) =>
        [.. runs.GroupBy(run => (run.Study, run.Conditions)).Select(study => new StudyComparison([.. study]))];

    /// <summary>What a method is told beyond the groups by which epochs and settings are chosen.</summary>
    public Told ToldOf(string method)
    {
        if (ToldGroups.Contains(method)) return Told.Groups;
        if (ToldRows.Contains(method)) return Told.Rows;
        return BaselineName == Student && Taught.Contains(method) ? Told.ByTeacher : Told.Nothing;
    }

    /// <summary>The method's name in a table, with what it is told.</summary>
    public string Title(string method) => ToldOf(method) is Told.Nothing ? method : $"{method} ({ToldOf(method).InWords()})";

    /// <summary>Whether a method is this library's own, not one to compare it with.</summary>
    public static bool IsOwn(string method) => Own.Any(method.StartsWith);

    /// <summary>The study's name.</summary>
    public string Name { get; }

    /// <summary>Its name as a file and as a heading's anchor have it.</summary>
    public string FileName => string.Concat(Name.ToLowerInvariant().Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'));

    /// <summary>How many classes there are; <see langword="null"/> where no line says so.</summary>
    public int? Classes { get; }

    /// <summary>The figure that counts on test rows, with its column's name.</summary>
    public (string Name, string Figure) Primary => Columns.First(column => _finals.Where(run => run.Primary is not null)
        .All(run => run.Metrics.TryGetValue(column.Figure, out double value) && value == run.Primary));

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
    /// What debiased distillation gains over plain distillation by the same teacher, which is what it claims; none where either lacks
    /// figures for a seed.
    /// </summary>
    public IReadOnlyList<(ComparedMethod Method, ComparedMethod Over, PairedGain Gain)> GainsOverPlainDistillation =>
    [
        .. from method in Methods
           where method.Name.StartsWith(Debiased, StringComparison.Ordinal)
           from over in Methods
           where over.Name == "kd" + method.Name[Debiased.Length..]
           select (method, over, PairedGain.Of(method, over)),
    ];

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

    /// <summary>The methods that lack figures for a seed.</summary>
    public IReadOnlyList<LeftOutMethod> LeftOut { get; }

    /// <summary>The baseline where it lacks figures because it diverged; <see langword="null"/> where it did not.</summary>
    public LeftOutMethod? DivergedBaseline => LeftOut.FirstOrDefault(method => method.Name == BaselineName && method.Diverged > 0);

    /// <summary>Those of this library's own methods that lack figures because they diverged.</summary>
    public IEnumerable<LeftOutMethod> DivergedOwn => LeftOut.Where(method => IsOwn(method.Name) && method.Diverged > 0);

    /// <summary>Whether there is something to tell of the final runs: a difference, or that there is none because one diverged.</summary>
    public bool HasVerdicts => Gains.Count > 0 || DivergedBaseline is not null || (Baseline is not null && DivergedOwn.Any());

    /// <summary>What made the runs.</summary>
    public IReadOnlyList<string> Origins { get; }

    /// <summary>Rows, epochs and what else the runs share.</summary>
    public string Conditions { get; }

    /// <summary>How many runs of the search diverged, of the methods where any did.</summary>
    public IEnumerable<(string Method, int Count)> Diverged => ByMethod(_searches.Where(run => run.Diverged is not null));

    /// <summary>How many runs of the search failed, of the methods where any did.</summary>
    public IEnumerable<(string Method, int Count)> Failed => ByMethod(_searches.Where(run => run.Failed is not null));

    /// <summary>
    /// The runs of the library's search that chose a method's setting; none where it was chosen among settings that the method names.
    /// </summary>
    public IReadOnlyList<FinishedRun> Searched(string method, string setting) => _searches
        .Where(run => run.Trial is not null && run.Method == method)
        .GroupBy(run => run.Trial!.Search, (_, runs) => runs.ToArray())
        .LastOrDefault(runs => SearchedTrial.Choose(runs) == setting, []);

    /// <summary>How many settings that the method names were tried.</summary>
    public int Tried(string method) =>
        _searches.Where(run => run.Trial is null && run.Method == method).Select(run => run.Settings).Distinct().Count();

    /// <summary>How many runs the choice of a method's setting took; none where it has one only.</summary>
    public int SearchRuns(string method, string setting)
    {
        if (Searched(method, setting) is { Count: > 0 } searched) return searched.Count;
        return Tried(method) > 1 ? _searches.Count(run => run.Trial is null && run.Method == method) : 0;
    }

    private static IEnumerable<(string Method, int Count)> ByMethod(IEnumerable<FinishedRun> runs) =>
        runs.CountBy(run => run.Method).Select(method => (method.Key, method.Value));

    private int Rank(string method) =>
        method == BaselineName ? 0 : IsOwn(method) ? 1 : ToldOf(method) is Told.Groups or Told.Rows ? 3 : 2;
}
