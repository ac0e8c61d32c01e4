using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>Several methods side by side: each one's setting is chosen by the mean of groups on validation rows, on a seed of its own; then it is trained on the seeds of the final runs.</summary>
internal abstract class MethodStudy(StudyOptions options) : Study
{
    private const int SearchSeed = 1001;

    /// <summary>What the command line asks for.</summary>
    protected StudyOptions Options { get; } = options;

    /// <summary>The methods, in the order in which they are reported.</summary>
    protected abstract IReadOnlyList<Method> Methods { get; }

    /// <summary>What a run depends on besides method, setting and seed; part of the key under which it is kept.</summary>
    protected abstract string Fingerprint { get; }

    /// <summary>The rows of a seed. Equal for equal seeds.</summary>
    protected abstract StudyData Load(MLContext ml, int seed);

    /// <inheritdoc/>
    public override IEnumerable<Record> Run(RunStore store, CancellationToken cancellation)
    {
        foreach (Method method in Asked())
        {
            Candidate[] candidates = [.. method.Candidates.Take(Options.Quick ? 1 : int.MaxValue)];
            Candidate chosen = candidates.Length == 1
                ? candidates[0]
                : candidates.MaxBy(candidate => Train(store, method, candidate, SearchSeed, test: false, cancellation).Validation.GetValueOrDefault(Figures.Unbiased, -1))!;
            for (int seed = 1; seed <= Options.Seeds; seed++)
                yield return Record.Of(this, method.Name, seed, chosen.Setting, candidates.Length == 1 ? "given" : Figures.Unbiased, Train(store, method, chosen, seed, test: true, cancellation));
        }
    }

    /// <inheritdoc/>
    public override TrainedModel TrainAgain(Record record, CancellationToken cancellation)
    {
        Candidate candidate = Methods.Single(method => method.Name == record.Method).Candidates.Single(each => each.Setting == record.Setting);
        var ml = new MLContext(record.Seed);
        StudyData data = Load(ml, record.Seed);
        return new TrainedModel(candidate.Fit(new Training(ml, data, record.Seed, cancellation)), data.Test);
    }

    private IEnumerable<Method> Asked()
    {
        if (Options.Method == "both") return Methods;
        Method[] asked = [.. Methods.Where(method => method.Name == Options.Method)];
        return asked.Length > 0 ? asked : throw new UsageException($"--method: {Name} has {string.Join(", ", Methods.Select(method => method.Name))}, not '{Options.Method}'.");
    }

    private RunResult Train(RunStore store, Method method, Candidate candidate, int seed, bool test, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string key = RunKey.Of($"{Fingerprint}{(Options.Quick ? " quick" : "")}", $"{method.Name} {candidate.Setting}", seed, test);
        return store.GetOrRun(key, () =>
        {
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
                var result = new RunResult
                {
                    Key = key,
                    Validation = Figures.Of(ml, model, data.Validation),
                    Test = test ? Figures.Of(ml, model, data.Test) : new Dictionary<string, double>(),
                    Log = log.Lines,
                    Precision = (model as EarlyReadoutTransformer)?.History.Precision.ToString(),
                    FitSeconds = seconds,
                };
                Console.WriteLine(FormattableString.Invariant(
                    $"  seed {seed,4}  {method.Name} {candidate.Setting}: validation mean of groups {result.Validation[Figures.Unbiased]:F4}, ")
                    + FormattableString.Invariant($"worst {result.Validation[Figures.Worst]:F4}  [{result.Precision ?? "other library"}, {watch.Elapsed.TotalSeconds:F1} s]"));
                return result;
            }
        });
    }
}
