using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>The feature sieve on the six layers of MiniLM, whose words it has never seen: what was learnt before must carry them.</summary>
public sealed class PretrainedTextTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void The_sieve_fine_tunes_MiniLM_to_verdicts_in_words_that_the_training_does_not_have()
    {
        FeatureSieveTrainer.Options options = MiniLm(epochs: 6);
        options.Readout.Stage = 2;
        using EarlyReadoutTransformer model = _ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(Rows(_seen, 64));
        IReadOnlyDictionary<string, string> settings = model.History.Settings;
        Assert.Equal(("12", "2", "256"), // the released readout of pretrained weights
            (settings["Network.Encoder.Heads"], settings["Readout.Depth"], settings["Readout.Width"]));
        double accuracy = _ml.MulticlassClassification.Evaluate(model.Transform(Rows(_unseen, 64))).MicroAccuracy;
        Assert.True(accuracy > 0.9, $"{accuracy}");
    }

    [Fact]
    public void A_search_of_the_sieve_tries_the_layers_of_MiniLM_and_fits_the_best_of_them()
    {
        IDataView train = Rows(_seen, 32), validation = Rows(_unseen, 24);
        var options = new SieveSearchOptions
        {
            Trainer = MiniLm(epochs: 1),
            Trials = 2,
            SeedsPerTrial = 1,
            ConfirmationSeeds = 0,
            Halving = null,
            Workers = 1,
        };
        using SearchResult<FeatureSieveTrainer.Options> result =
            _ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation);
        Assert.All(result.Trials, trial => Assert.Equal(TrialState.Finished, trial.State));
        Assert.All(result.Trials.Skip(1),
            trial => Assert.InRange(int.Parse(trial.Settings["Readout.Stage"], CultureInfo.InvariantCulture), 1, 6));
        using EarlyReadoutTransformer model = result.Fit(train, seed: 1, TestContext.Current.CancellationToken);
        FeatureSieveTrainer.Options best = result.OptionsOf(result.Best);
        (best.Seed, best.ValidationSet) = (1, validation);
        using EarlyReadoutTransformer direct = _ml.MulticlassClassification.Trainers.FeatureSieve(best).Fit(train);
        Assert.Equal(
            direct.Transform(validation).GetColumn<float[]>("Score").SelectMany(row => row),
            model.Transform(validation).GetColumn<float[]>("Score").SelectMany(row => row));
    }

    private static readonly string[][] _seen = [["great", "lovely", "superb"], ["awful", "dull", "poor"]];
    private static readonly string[][] _unseen = [["wonderful", "brilliant", "delightful"], ["terrible", "boring", "bad"]];

    private static FeatureSieveTrainer.Options MiniLm(int epochs) => new()
    {
        TextColumnName = "Text",
        Network =
        {
            WeightsPath = RealData.Path("minilm/minilm-l6-f16.safetensors"),
            VocabularyPath = RealData.Path("bert-vocab/bert-base-uncased-vocab.txt"),
            MaxTokens = 16,
        },
        Optimizer = { LearningRate = 3e-4 },
        Epochs = epochs,
        BatchSize = 16,
    };

    private IDataView Rows(string[][] verdicts, int count)
    {
        string[] things = ["film", "story", "meal", "hotel", "concert"];
        Row[] rows = [.. Enumerable.Range(0, count).Select(i => new Row
        {
            Text = $"the {things[i % 5]} was {verdicts[i % 2][i / 2 % 3]}",
            Mood = i % 2 == 0 ? "good" : "bad",
        })];
        IDataView view = _ml.Data.LoadFromEnumerable(rows);
        return _ml.Transforms.Conversion.MapValueToKey("Label", "Mood").Fit(view).Transform(view);
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Mood { get; set; } = "";
    }
}
