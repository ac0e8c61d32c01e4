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
    private static readonly IReadOnlyDictionary<string, double> NoFigures = new Dictionary<string, double>();

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

    /// <summary>
    /// What a run depends on besides method, setting and seed. It is kept with the run: under others a run is another one.
    /// </summary>
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

    /// <summary>Makes a run: a training, or a part in a search until that is over.</summary>
    /// <param name="run">The run, one of this study's.</param>
    /// <param name="folder">The folder of the store that a search shares.</param>
    /// <param name="trainings">Trainings of a search at a time in this process; <see langword="null"/>: as the library has it.</param>
    /// <param name="cancellation">Stops a training within a step, and pauses a search.</param>
    public IReadOnlyList<FinishedRun> Make(PlannedRun run, string folder, int? trainings, CancellationToken cancellation) => run.IsShared
        ? new MethodSearch(this, Named(run.Method)).Run(folder, trainings, cancellation)
        : [Train(run, cancellation)];

    /// <summary>Trains the model of a final run again. Equal runs give equal models.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="setting">Its setting.</param>
    /// <param name="seed">The seed of rows and training.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    public TrainedModel TrainAgain(string method, string setting, int seed, CancellationToken cancellation)
    {
        Candidate candidate = Named(method).At(setting);
        var ml = new MLContext(seed);
        StudyData data = Load(ml, seed);
        return new TrainedModel(candidate.Fit(new Training(ml, data, seed, cancellation)), data.Test);
    }

    /// <summary>Trains a method at a setting on the rows of a seed and takes the figures. A search never looks at test rows.</summary>
    /// <param name="run">The run, one of this study's that is no part in a search.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    public FinishedRun Train(PlannedRun run, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var ml = new MLContext(run.Seed);
        string? lastEpoch = null;
        ml.Log += (_, line) =>
        {
            if (line.RawMessage.StartsWith("Epoch ", StringComparison.Ordinal)) lastEpoch = line.RawMessage;
        };
        StudyData data = Load(ml, run.Seed);
        var watch = Stopwatch.StartNew();
        ITransformer model;
        try
        {
            model = Named(run.Method).At(run.Setting).Fit(new Training(ml, data, run.Seed, cancellation));
        }
        catch (TrainingDivergedException divergence)
        {
            return FinishedRun.Of(run, this, NoFigures, NoFigures) with
            {
                Diverged = divergence.Message,
                LastEpoch = lastEpoch,
                Seconds = watch.Elapsed.TotalSeconds,
            };
        }

        double seconds = watch.Elapsed.TotalSeconds;
        using (model as IDisposable)
        {
            TrainingHistory? history = (model as EarlyReadoutTransformer)?.History;
            IReadOnlyDictionary<string, double> validation = StudyMetrics.Evaluate(ml, model, data.Validation);
            IReadOnlyDictionary<string, double> test = run.Phase == RunPhase.Final ? TestFigures(ml, model, data, run.Seed) : NoFigures;
            return FinishedRun.Of(run, this, validation, test) with
            {
                Curve = [.. (history?.Points ?? []).Select(point => point.ValidationScore).OfType<double>()],
                Points = history is null ? null : RunPoints.Of(history),
                LastEpoch = lastEpoch,
                Precision = history?.Precision.ToString(),
                Seconds = seconds,
            };
        }
    }

    private Method Named(string method) => Methods.Single(each => each.Name == method);
}
