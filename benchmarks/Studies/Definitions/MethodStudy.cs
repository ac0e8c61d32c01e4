using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// One question asked of data by several methods side by side: each one's setting is chosen by the mean of groups on validation rows, on
/// seeds of its own, among a few that it names or by the library's search; then it is trained on the seeds of the final runs.
/// </summary>
internal abstract class MethodStudy(StudyOptions options)
{
    private const int FirstSearchSeed = 1001;

    /// <summary>The name under which its figures are recorded.</summary>
    public abstract string Name { get; }

    /// <summary>What is asked, in one line for the report.</summary>
    public abstract string Description { get; }

    /// <summary>The column of the spurious attribute; <see langword="null"/> where the rows do not tell it.</summary>
    public virtual string? GroupColumn => "Cue";

    /// <summary>
    /// The number of the study's definition. Raise it by one with a change after which its runs are not comparable with those before: of
    /// the network or its weights, the batch, a readout's width, the rows, or of what a method has fixed. Runs under another number are
    /// another study's. What the command line can change is in the conditions by itself.
    /// </summary>
    public virtual int Definition => 1;

    /// <summary>What the command line asks for.</summary>
    protected StudyOptions Options { get; } = options;

    /// <summary>The methods, in the order in which they are reported.</summary>
    protected abstract IReadOnlyList<Method> Methods { get; }

    /// <summary>What a run depends on besides method, setting and seed, but for definition and <c>--quick</c>.</summary>
    protected abstract string Fingerprint { get; }

    /// <summary>What a run depends on besides method, setting and seed; part of the key under which it is kept.</summary>
    public string Conditions => $"{Fingerprint}{DefinitionText}{(Options.Quick ? " quick" : "")}";

    // Nothing for the first, so that older lines stay valid.
    private string DefinitionText => Definition > 1 ? FormattableString.Invariant($" definition {Definition}") : "";

    /// <summary>Training steps of a run; <see langword="null"/> where they differ from method to method.</summary>
    public virtual int? Steps => null;

    /// <summary>Training steps of a method's runs, where they are known.</summary>
    public virtual int? StepsOf(string method) => Steps;

    /// <summary>The figure of a final run that counts; the mean of groups where a run does not have it.</summary>
    public virtual string FinalFigure => StudyMetrics.Conflicting;

    /// <summary>The seeds over which a search averages, never those of final runs; none where validation rows cannot choose.</summary>
    public virtual IEnumerable<int> SearchSeeds => Enumerable.Range(FirstSearchSeed, Options.SearchSeeds);

    /// <summary>The seeds of the final runs.</summary>
    public IEnumerable<int> FinalSeeds => Enumerable.Range(1, Options.Seeds);

    /// <summary>The rows of a seed. Equal for equal seeds.</summary>
    protected abstract StudyData Load(MLContext ml, int seed);

    /// <summary>The figures of a final run on test rows.</summary>
    protected virtual IReadOnlyDictionary<string, double> TestFigures(MLContext ml, ITransformer model, StudyData data, int seed) =>
        StudyMetrics.Evaluate(ml, model, data.Test);

    /// <summary>The rows of a search by the library, the same for all its trials: those of the first seed of the search.</summary>
    public StudyData SearchRows(MLContext ml) => Load(ml, SearchSeeds.First());

    /// <summary>The rows of a final run.</summary>
    public StudyData FinalRows(MLContext ml, int seed) => Load(ml, seed);

    /// <summary>Whether it has a method, whatever the command line asks for.</summary>
    public bool Has(string method) => Methods.Any(each => each.Name == method);

    /// <summary>The methods that the command line asks for.</summary>
    /// <exception cref="UsageException">It asks for one that is not there.</exception>
    public IReadOnlyList<Method> Asked()
    {
        Method[] asked = [.. Methods.Where(method => Options.Method is null || method.Name == Options.Method)];
        if (asked.Length == 0)
            throw new UsageException(
                $"--method: {Name} has {string.Join(", ", Methods.Select(method => method.Name))}, not '{Options.Method}'.");
        return Options.Quick ? [.. asked.Select(method => method with { Candidates = [.. method.Candidates.Take(1)] })] : asked;
    }

    /// <summary>Trains and evaluates, one record a final run.</summary>
    /// <param name="store">Keeps runs, so that none is made twice.</param>
    /// <param name="cancellation">Stops within one step of a training.</param>
    public IEnumerable<Record> Run(RunStore store, CancellationToken cancellation)
    {
        foreach (Method method in Asked())
        {
            Candidate chosen = method.Settings is not null ? method.At(Search(method, cancellation))
                : method.Candidates.Count == 1 ? method.Candidates[0] : method.Candidates.MaxBy(MeanOfGroups)!;
            foreach (int seed in FinalSeeds)
                yield return Record.Of(
                    this, method.Name, seed, chosen.Setting, method.Candidates.Count == 1 ? "given" : StudyMetrics.Unbiased,
                    Kept(chosen, seed, test: true));

            double MeanOfGroups(Candidate candidate) =>
                SearchSeeds.Average(seed => Kept(candidate, seed, test: false).Validation.GetValueOrDefault(StudyMetrics.Unbiased, -1));

            RunResult Kept(Candidate candidate, int seed, bool test) =>
                store.GetOrRun(KeyOf(method, candidate, seed, test), () => Train(method, candidate, seed, test, cancellation));
        }
    }

    /// <summary>Trains the model of a final run again. Equal runs give equal models.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="setting">Its setting.</param>
    /// <param name="seed">The seed of rows and training.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    public TrainedModel TrainAgain(string method, string setting, int seed, CancellationToken cancellation)
    {
        Candidate candidate = Methods.Single(each => each.Name == method).At(setting);
        var ml = new MLContext(seed);
        StudyData data = Load(ml, seed);
        return new TrainedModel(candidate.Fit(new Training(ml, data, seed, cancellation)), data.Test);
    }

    /// <summary>Trains a method at a setting on the rows of a seed and takes the figures.</summary>
    /// <param name="method">The method.</param>
    /// <param name="candidate">One of its settings.</param>
    /// <param name="seed">The seed of rows and training.</param>
    /// <param name="test">Whether the test rows are looked at; a search never does.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    public RunResult Train(Method method, Candidate candidate, int seed, bool test, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string key = KeyOf(method, candidate, seed, test);
        var ml = new MLContext(seed);
        var log = new EpochLog();
        log.Attach(ml);
        StudyData data = Load(ml, seed);
        var watch = Stopwatch.StartNew();
        ITransformer model;
        try
        {
            model = candidate.Fit(new Training(ml, data, seed, cancellation));
        }
        catch (TrainingDivergedException divergence)
        {
            Console.WriteLine(FormattableString.Invariant($"  seed {seed,4}  {method.Name} {candidate.Setting}: {divergence.Message}"));
            return new RunResult { Key = key, Diverged = divergence.Message, Log = log.Lines, FitSeconds = watch.Elapsed.TotalSeconds };
        }

        double seconds = watch.Elapsed.TotalSeconds;
        using (model as IDisposable)
        {
            TrainingHistory? history = (model as EarlyReadoutTransformer)?.History;
            var result = new RunResult
            {
                Key = key,
                Validation = StudyMetrics.Evaluate(ml, model, data.Validation),
                Test = test ? TestFigures(ml, model, data, seed) : new Dictionary<string, double>(),
                Log = log.Lines,
                Curve = [.. (history?.Points ?? []).Select(point => point.ValidationScore).OfType<double>()],
                Points = history is null ? null : RunPoints.Of(history),
                Precision = history?.Precision.ToString(),
                FitSeconds = seconds,
            };
            Console.WriteLine(FormattableString.Invariant(
                $"  seed {seed,4}  {method.Name} {candidate.Setting}: ")
                + FormattableString.Invariant($"validation mean of groups {result.Validation[StudyMetrics.Unbiased]:F4}, ")
                + FormattableString.Invariant(
                    $"worst {result.Validation[StudyMetrics.Worst]:F4}  [{result.Precision ?? "other library"}, ")
                        + FormattableString.Invariant($"{watch.Elapsed.TotalSeconds:F1} s]"));
            return result;
        }
    }

    private string Search(Method method, CancellationToken cancellation) =>
        SearchedTrial.Choose(new MethodSearch(this, method).Run(Options.Out, workers: null, cancellation))
        ?? throw new InvalidOperationException($"{Name}: every setting of {method.Name} that was tried diverged.");

    private string KeyOf(Method method, Candidate candidate, int seed, bool test) =>
        RunKey.Of(Conditions, $"{method.Name} {candidate.Setting}", seed, test);
}
