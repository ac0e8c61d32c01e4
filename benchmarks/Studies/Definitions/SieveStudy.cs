using Microsoft.ML;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Plain training against the feature sieve: which rows, which network, and which settings are tried.</summary>
internal abstract class SieveStudy(StudyOptions options) : Study
{
    /// <summary>What the command line asks for.</summary>
    protected StudyOptions Options { get; } = options;

    /// <summary>
    /// Whether the validation rows say whether the spurious attribute agrees with the label, so that settings can be chosen by it.
    /// </summary>
    public virtual bool HasGroups => true;

    /// <summary>Where the search looks.</summary>
    public abstract SearchSpace Space { get; }

    /// <inheritdoc/>
    public override string? GroupColumn => HasGroups ? base.GroupColumn : null;

    /// <summary>Sieve settings that the search tries unless the command line says otherwise.</summary>
    public abstract int DefaultTrials { get; }

    /// <summary>What the rows of a run depend on besides the seed; part of the key under which a run is kept.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>The rows of a seed. Equal for equal seeds.</summary>
    public abstract StudyData Load(MLContext ml, int seed, CancellationToken cancellation);

    /// <summary>Fresh Options with the study's network, epochs and batch; columns, rates and readout are set by the run.</summary>
    public abstract FeatureSieveTrainer.Options CreateOptions();

    /// <summary>Searches settings on validation rows, then trains each chosen one on the seeds of the final runs.</summary>
    public override IEnumerable<Record> Run(RunStore store, CancellationToken cancellation)
    {
        if (Options.Method is not ("plain" or "sieve" or "both"))
            throw new UsageException($"--method: {Name} has plain, sieve and both, not '{Options.Method}'.");
        var runner = new StudyRunner(this, Options, store, cancellation);
        foreach (Choice choice in Choose(new SettingSearch(this, Options, runner)))
        {
            foreach ((string method, Setting setting) in Methods(choice))
            {
                Console.WriteLine($"{method}{choice.Criterion.Suffix}, chosen by {choice.Criterion.Name}: {setting}");
                for (int seed = 1; seed <= Options.Seeds; seed++)
                {
                    RunResult result = runner.Final(choice.Criterion, setting, seed);
                    yield return Record.Of(
                        this, method + choice.Criterion.Suffix, seed, setting.ToString(),
                        Options.NoSearch ? "given" : choice.Criterion.Figure, result);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override TrainedModel TrainAgain(Record record, CancellationToken cancellation)
    {
        // The suffix of the method's name says by what its epochs were chosen; where no search was made, none is there to say it.
        Criterion criterion = Criterion.Asked(Options, this)
            .FirstOrDefault(each => each.Suffix.Length > 0 && record.Method.EndsWith(each.Suffix, StringComparison.Ordinal))
            ?? Criterion.Asked(Options, this)[0];
        var ml = new MLContext(record.Seed);
        StudyData data = Load(ml, record.Seed, cancellation);
        return new TrainedModel(
            StudyRunner.Fit(this, Options, ml, data, criterion, Setting.Parse(record.Setting, 0), record.Seed, cancellation), data.Test);
    }

    private IEnumerable<Choice> Choose(SettingSearch search)
    {
        if (Options.NoSearch) return [search.Take(Criterion.Asked(Options, this)[0] with { Suffix = "" })];
        Choice[] choices = [.. Criterion.Asked(Options, this).Select(search.Choose)];
        StudyReport.WriteTrials(search.Trials);
        return choices;
    }

    // Where "no forgetting" is chosen, the best setting that forgets is run as well, under a name that says so.
    private IEnumerable<(string Method, Setting Setting)> Methods(Choice choice)
    {
        if (Options.Method != "sieve") yield return ("plain", choice.Plain);
        if (Options.Method == "plain") yield break;
        yield return ("sieve", choice.Sieve);
        if (choice.Sieve.IsPlain && choice.Forgetting is not null) yield return ("sieve-forced", choice.Forgetting);
    }
}
