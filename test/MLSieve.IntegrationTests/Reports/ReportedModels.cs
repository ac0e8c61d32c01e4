using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// Small models fitted once for all tests of the report: plain training with readouts, the sieve, and a stock linear classifier. Half of
/// their classes are hostile to HTML.
/// </summary>
public sealed class ReportedModels : IDisposable
{
    public const string Hostile = "<script>alert('x')</script> & \"Zoë\"";
    private const int Side = 16;
    private readonly List<EarlyReadoutTransformer> _networks = [];

    public ReportedModels()
    {
        Data = Ml.Data.LoadFromEnumerable(Draw(240, 0.8, seed: 1));
        Test = Ml.Data.LoadFromEnumerable(Draw(120, 0.5, seed: 2));
        EarlyReadoutEstimator.Options plain = Configured(
            new EarlyReadoutEstimator.Options { Taps = [new() { Stage = 1 }, new() { Stage = 2 }] });
        Plain = Fit(Ml.Transforms.EarlyReadout(plain));
        Sieve = FitSieve(SieveUpdate.Alternating);
        Shortcuts = Ml.MulticlassClassification.FindShortcuts(Plain, Test, new ShortcutOptions { MinMargin = 0, MinClusterRows = 3 });
        Linear = Keys().Append(Ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "Pixels")).Fit(Data);
    }

    public MLContext Ml { get; } = new(seed: 1);

    public IDataView Data { get; }

    public IDataView Test { get; }

    public ITransformer Plain { get; }

    public ITransformer Sieve { get; }

    public ShortcutFindings Shortcuts { get; }

    public ITransformer Linear { get; }

    public ReportOptions Options { get; } = new() { GroupColumnName = "Cue", Pictures = 3, Title = "Report <of> & tests" };

    public IReadOnlyList<ReportedModel> Models =>
        [new("plain", Plain) { Shortcuts = Shortcuts }, new("sieve", Sieve), new("linear <stock>", Linear)];

    public HtmlReport Create() => Ml.MulticlassClassification.CreateReport(Test, Models, Options);

    public void Dispose() => _networks.ForEach(network => network.Dispose());

    public ITransformer FitSieve(SieveUpdate update) =>
        Fit(Ml.MulticlassClassification.Trainers.FeatureSieve(Configured(new FeatureSieveTrainer.Options
        {
            Readout = { Stage = 1, Depth = 0 },
            ForgetEvery = 2,
            Update = update,
            ForgetLearningRate = 0.1,
            ReadoutLearningRate = 0.01,
        })));

    private static T Configured<T>(T options)
        where T : TrainerOptions
    {
        options.FeatureColumnName = "Pixels";
        options.Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [8, 12] };
        options.Optimizer.LearningRate = 0.05;
        options.Schedule.Kind = ScheduleKind.Constant;
        options.Epochs = 3;
        options.ValidationFraction = 0.2;
        return options;
    }

    private IEstimator<ITransformer> Keys() => Ml.Transforms.Conversion.MapValueToKey("Label", "Class");

    private ITransformer Fit(IEstimator<EarlyReadoutTransformer> trainer)
    {
        TransformerChain<EarlyReadoutTransformer> chain = Keys().Append(trainer).Fit(Data);
        _networks.Add(chain.LastTransformer);
        return chain;
    }

    /// <summary>Bright left or right halves, on a red or blue ground that mostly goes with the half.</summary>
    private static Row[] Draw(int count, double strength, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int half = i % 2;
            bool agrees = random.NextDouble() < strength;
            int ground = agrees ? half : 1 - half;
            var pixels = new float[3 * Side * Side];
            for (int p = 0; p < Side * Side; p++)
            {
                bool bright = p % Side < Side / 2 == (half == 0) && p / Side is > 4 and < 11;
                for (int c = 0; c < 3; c++)
                    pixels[c * Side * Side + p] = Math.Clamp((bright ? 60 : 30) + (c == 2 * ground ? 90 : 0) + random.Next(80), 0, 255);
            }

            return new Row { Pixels = pixels, Class = half == 0 ? Hostile : "right", Cue = agrees ? "agrees" : "conflicts" };
        })];
    }

    private sealed class Row
    {
        [VectorType(3, Side, Side)]
        public float[] Pixels { get; set; } = [];

        public string Class { get; set; } = "";

        public string Cue { get; set; } = "";
    }
}
