using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Trains one setting on the rows of one seed and takes the figures.</summary>
internal sealed class StudyRunner(SieveStudy study, StudyOptions options, RunStore store, CancellationToken cancellation)
{
    /// <summary>A run of the search: figures on the validation rows alone.</summary>
    public RunResult Search(Criterion criterion, Setting setting, int seed) => Run(criterion, setting, seed, test: false);

    /// <summary>A final run: figures on the test rows too.</summary>
    public RunResult Final(Criterion criterion, Setting setting, int seed) => Run(criterion, setting, seed, test: true);

    private RunResult Run(Criterion criterion, Setting setting, int seed, bool test)
    {
        cancellation.ThrowIfCancellationRequested();
        string conditions =
            $"{study.Fingerprint} {options.Precision} {options.Schedule} epoch by {criterion.Name}{study.DefinitionText}"
                + (options.Quick ? " quick" : "");
        string key = RunKey.Of(conditions, setting.ToString(), seed, test);
        return store.GetOrRun(key, () =>
        {
            var watch = Stopwatch.StartNew();
            RunResult result = Train(key, criterion, setting, seed, test);
            Console.WriteLine(FormattableString.Invariant(
                $"  seed {seed,4}  {setting}: {result.Diverged ?? Describe(result)}  [{result.Precision ?? options.Precision}, ")
                    + FormattableString.Invariant($"{watch.Elapsed.TotalSeconds:F1} s]"));
            return result;
        });
    }

    private RunResult Train(string key, Criterion criterion, Setting setting, int seed, bool test)
    {
        var ml = new MLContext(seed);
        var curve = new EpochLog();
        curve.Attach(ml);
        StudyData data = study.Load(ml, seed, cancellation);
        var watch = Stopwatch.StartNew();
        try
        {
            using EarlyReadoutTransformer model = Fit(study, options, ml, data, criterion, setting, seed, cancellation);
            double seconds = watch.Elapsed.TotalSeconds;
            return new RunResult
            {
                Key = key,
                Validation = StudyMetrics.Evaluate(ml, model, data.Validation),
                Test = test ? StudyMetrics.Evaluate(ml, model, data.Test) : new Dictionary<string, double>(),
                Log = curve.Lines,
                Precision = model.History.Precision.ToString(),
                FitSeconds = seconds,
            };
        }
        catch (TrainingDivergedException divergence)
        {
            return new RunResult { Key = key, Diverged = divergence.Message, Log = curve.Lines, FitSeconds = watch.Elapsed.TotalSeconds };
        }
    }

    /// <summary>Trains a setting on the rows of a seed.</summary>
    public static EarlyReadoutTransformer Fit(
        SieveStudy study, StudyOptions options, MLContext ml, StudyData data, Criterion criterion, Setting setting, int seed,
        CancellationToken cancellation)
    {
        FeatureSieveTrainer.Options trainer = study.CreateOptions();
        trainer.FeatureColumnName = "Pixels";
        trainer.GroupColumnName = "Cue";
        setting.Apply(trainer);
        trainer.Schedule.Kind = options.Schedule == "cosine" ? ScheduleKind.Cosine : ScheduleKind.Constant;
        trainer.Precision = options.Precision == "bfloat16" ? Precision.BFloat16 : Precision.Float32;
        trainer.Seed = seed;
        trainer.CancellationToken = cancellation;
        trainer.ValidationSet = data.Validation;
        trainer.Selection = criterion.Epoch;
        return ml.MulticlassClassification.Trainers.FeatureSieve(trainer).Fit(data.Train);
    }

    private static string Describe(RunResult result)
    {
        string text = FormattableString.Invariant(
            $"validation accuracy {result.Validation[StudyMetrics.Average]:F4}, ")
            + FormattableString.Invariant($"mean of groups {result.Validation[StudyMetrics.Unbiased]:F4}");
        if (result.Test.Count > 0) text += FormattableString.Invariant($", test accuracy {result.Test[StudyMetrics.Average]:F4}");
        if (result.Test.TryGetValue(StudyMetrics.Conflicting, out double conflicting))
            text += FormattableString.Invariant($", conflicting {conflicting:F4}");
        return text;
    }
}
