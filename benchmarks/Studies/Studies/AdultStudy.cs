using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Trainers.LightGbm;
using Microsoft.ML.Transforms;

namespace Studies;

/// <summary>
/// UCI Adult, income by sex: LightGBM as it is and with the example weights of an early readout; an Mlp as it is, taught by LightGBM, and taught with debiased distillation.
/// </summary>
internal sealed class AdultStudy(StudyOptions options) : Study
{
    private const int SearchSeed = 1001;
    private const double ValidationFraction = 0.2;
    private static readonly double[] Alphas = [0.05, 0.5, 2];
    private static readonly double[] Betas = [0.5, 1, 2, 3];
    private readonly Lazy<AdultRow[]> _training = new(() => AdultRow.Read(Path.Combine(options.Folder("adult"), "adult.data.gz")));
    private readonly Lazy<AdultRow[]> _testing = new(() => AdultRow.Read(Path.Combine(options.Folder("adult"), "adult.test.gz")));

    /// <summary>A way to train: given a weight's α and β, makes a model that adds Score and PredictedLabel.</summary>
    private delegate ITransformer Fit(MLContext ml, IDataView train, int seed, double alpha, double beta);

    public override string Name => "adult";

    public override string Description => "UCI Adult, its own test split; the label is income, the attribute is sex; 20 % of the training rows choose among the weights' α and β.";

    public override IEnumerable<Record> Run(RunStore store, CancellationToken cancellation)
    {
        foreach ((string method, bool weighted, Fit fit) in Methods(cancellation))
        {
            (double alpha, double beta) = weighted ? Choose(store, method, fit, cancellation) : (0, 0);
            for (int seed = 1; seed <= options.Seeds; seed++)
            {
                string setting = weighted ? Setting(alpha, beta) : "";
                yield return Record.Of(this, method, seed, setting, weighted ? Figures.Unbiased : "given", Train(store, method, fit, seed, alpha, beta, test: true, cancellation));
            }
        }
    }

    private IEnumerable<(string Method, bool Weighted, Fit Fit)> Methods(CancellationToken cancellation)
    {
        yield return ("lightgbm", false, (ml, train, seed, _, _) => LightGbm(ml, seed, null).Fit(train));
        yield return ("lightgbm-readout", true, (ml, train, seed, alpha, beta) => WeightedLightGbm(ml, train, seed, alpha, beta, balanced: false));
        yield return ("lightgbm-readout-balanced", true, (ml, train, seed, alpha, beta) => WeightedLightGbm(ml, train, seed, alpha, beta, balanced: true));
        yield return ("mlp", false, (ml, train, seed, _, _) => ml.Transforms.EarlyReadout(Plain(seed)).Fit(train));
        yield return ("mlp-distilled", false, (ml, train, seed, _, _) => Student(ml, train, seed, DistillationMethod.Plain, 0, 0));
        yield return ("mlp-debiased", true, (ml, train, seed, alpha, beta) => Student(ml, train, seed, DistillationMethod.Debiased, alpha, beta));

        ITransformer WeightedLightGbm(MLContext ml, IDataView train, int seed, double alpha, double beta, bool balanced)
        {
            EarlyReadoutEstimator.Options readout = Plain(seed);
            readout.Taps = [new() { Stage = 1, ClassBalanced = balanced, Name = "Readout" }];
            using EarlyReadoutTransformer readouts = ml.Transforms.EarlyReadout(readout).Fit(train);
            IDataView scored = ml.Transforms.SelectColumns("Features", "Label", "Readout.PredictedLabel", "Readout.Margin").Fit(readouts.Transform(train)).Transform(readouts.Transform(train));
            IDataView weighted = ml.Data.Cache(ml.Transforms.ReadoutWeight("Readout", alpha: alpha, beta: beta).Fit(scored).Transform(scored));
            return LightGbm(ml, seed, "Weight").Fit(weighted);
        }

        ITransformer Student(MLContext ml, IDataView train, int seed, DistillationMethod method, double alpha, double beta) =>
            ml.MulticlassClassification.Trainers.DebiasedDistillation(new DebiasedDistillationTrainer.Options
            {
                Network = { HiddenUnits = [64, 64] },
                Epochs = options.Epochs ?? 10,
                BatchSize = 128,
                Optimizer = { LearningRate = 0.02 },
                Teacher = { Model = LightGbm(ml, seed, null).Fit(train) },
                Method = method,
                Alpha = alpha,
                Beta = beta,
                NormalizeWeights = true,
                Readout = { Depth = 0 },
                Seed = seed,
                CancellationToken = cancellation,
            }).Fit(train);

        EarlyReadoutEstimator.Options Plain(int seed) => new()
        {
            Taps = [],
            Network = { HiddenUnits = [64, 64] },
            Epochs = options.Epochs ?? 10,
            BatchSize = 128,
            Optimizer = { LearningRate = 0.02 },
            Seed = seed,
            CancellationToken = cancellation,
        };
    }

    private static LightGbmMulticlassTrainer LightGbm(MLContext ml, int seed, string? weights) => ml.MulticlassClassification.Trainers.LightGbm(
        new LightGbmMulticlassTrainer.Options { ExampleWeightColumnName = weights, Seed = seed, UseSoftmax = true, NumberOfThreads = 1 });

    private (double Alpha, double Beta) Choose(RunStore store, string method, Fit fit, CancellationToken cancellation)
    {
        (double, double)[] grid = [.. from alpha in options.Quick ? Alphas[..1] : Alphas from beta in options.Quick ? Betas[..1] : Betas select (alpha, beta)];
        return grid.MaxBy(setting => Train(store, method, fit, SearchSeed, setting.Item1, setting.Item2, test: false, cancellation).Validation[Figures.Unbiased]);
    }

    private RunResult Train(RunStore store, string method, Fit fit, int seed, double alpha, double beta, bool test, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        string key = $"{Name} epochs {options.Epochs ?? 10} rows {options.Rows ?? 0}{(options.Quick ? " quick" : "")} | {method} {Setting(alpha, beta)} | seed {seed} | {(test ? "test" : "validation")}";
        return store.GetOrRun(key, () =>
        {
            var ml = new MLContext(seed);
            (IDataView train, IDataView validation, IDataView tested) = Load(ml, seed);
            var watch = Stopwatch.StartNew();
            ITransformer model = fit(ml, train, seed, alpha, beta);
            double seconds = watch.Elapsed.TotalSeconds;
            using (model as IDisposable)
            {
                var result = new RunResult
                {
                    Key = key,
                    Validation = Figures.Of(ml, model, validation),
                    Test = test ? Figures.Of(ml, model, tested) : new Dictionary<string, double>(),
                    FitSeconds = seconds,
                };
                Console.WriteLine(FormattableString.Invariant($"  seed {seed,4}  {method} {Setting(alpha, beta)}: validation mean of groups {result.Validation[Figures.Unbiased]:F4}, worst {result.Validation[Figures.Worst]:F4}  [{watch.Elapsed.TotalSeconds:F1} s]"));
                return result;
            }
        });
    }

    private (IDataView Train, IDataView Validation, IDataView Test) Load(MLContext ml, int seed)
    {
        AdultRow[] rows = _training.Value;
        int[] order = Draws.Shuffled(rows.Length, Draws.For(seed, Draws.Rows));
        int held = (int)(order.Length * ValidationFraction);
        int used = Math.Min(options.Rows ?? (options.Quick ? 512 : int.MaxValue), order.Length - held);
        IDataView train = View(order[held..(held + used)].Select(row => rows[row]));
        ITransformer features = ml.Transforms.Conversion.MapValueToKey("Label", nameof(AdultRow.Income), keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(ml.Transforms.CopyColumns("Cue", nameof(AdultRow.Sex)))
            .Append(ml.Transforms.Categorical.OneHotEncoding([.. Categories.Select(name => new InputOutputColumnPair(name))]))
            .Append(ml.Transforms.NormalizeMeanVariance([.. Numbers.Select(name => new InputOutputColumnPair(name))]))
            .Append(ml.Transforms.Concatenate("Features", [.. Categories, .. Numbers]))
            .Append(ml.Transforms.SelectColumns("Features", "Label", "Cue"))
            .Fit(train);
        return (Cached(train), Cached(View(order[..held].Select(row => rows[row]))), Cached(View(_testing.Value)));

        IDataView View(IEnumerable<AdultRow> some) => ml.Data.LoadFromEnumerable([.. some]);

        IDataView Cached(IDataView view) => ml.Data.Cache(features.Transform(view));
    }

    private static readonly string[] Categories =
        [nameof(AdultRow.Work), nameof(AdultRow.Marital), nameof(AdultRow.Occupation), nameof(AdultRow.Relationship), nameof(AdultRow.Race), nameof(AdultRow.Sex), nameof(AdultRow.Country)];

    private static readonly string[] Numbers =
        [nameof(AdultRow.Age), nameof(AdultRow.EducationYears), nameof(AdultRow.CapitalGain), nameof(AdultRow.CapitalLoss), nameof(AdultRow.HoursPerWeek)];

    private static string Setting(double alpha, double beta) => string.Create(CultureInfo.InvariantCulture, $"alpha={alpha},beta={beta}");
}
