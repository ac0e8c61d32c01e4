using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Studies;

namespace MLSieve.Tests;

public sealed class FlipTests
{
    [Theory]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 1)]
    public void A_pair_flips_where_the_answer_follows_the_place_and_not_where_it_follows_the_animal(bool animal, bool place, double rate)
    {
        var ml = new MLContext(seed: 1);
        IDataView training = Keyed(ml, Images(animal, place));
        ITransformer model = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(training);
        IReadOnlyDictionary<string, double> figures = StudyMetrics.Evaluate(ml, model, training);
        Assert.Equal(rate, figures[StudyMetrics.Flips]);
        Assert.Equal(1 - rate, figures["cat, sea.accuracy"]);
        Assert.Equal(1, figures["cat, land.accuracy"]);
    }

    [Fact]
    public void Rows_without_a_partner_are_in_no_pair()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = Keyed(
            ml, Images(animal: true, place: false).Select((image, i) => image with { Pair = i % 2 == 0 ? "" : $"alone {i}" }));
        ITransformer model = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(rows);
        Assert.DoesNotContain(StudyMetrics.Flips, StudyMetrics.Evaluate(ml, model, rows));
    }

    [Fact]
    public void Rows_are_scored_once_however_many_figures_they_give()
    {
        var ml = new MLContext(seed: 1);
        IDataView training = Keyed(ml, Images(animal: true, place: false));
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { Kind = NetworkKind.Mlp, HiddenUnits = [4] },
            Taps = [new() { Stage = 1 }],
            Epochs = 1,
        }).Fit(training);
        var rows = new CountingView(training);
        IDataView scored = StudyMetrics.Score(ml, model, rows);
        IReadOnlyDictionary<string, double> figures = StudyMetrics.Evaluate(ml, scored, StudyMetrics.ReadoutsOf(model));
        Assert.Contains(StudyMetrics.Flips, figures);
        Assert.Contains("Readout1.accuracy", figures);
        Assert.Equal(["land", "sea"], StudyMetrics.AreasByCue(ml, scored).Keys.Order());
        Assert.Equal(1, rows.Cursors);
    }

    // Cats on land and dogs at sea ten times as often as not, so that either feature alone separates most rows.
    private static IEnumerable<Image> Images(bool animal, bool place) =>
        from i in Enumerable.Range(0, 44)
        let isDog = i % 2 == 1
        from atSea in i < 40 ? [isDog] : new[] { false, true }
        select new Image(
            [animal && isDog ? 1 : 0, place && atSea ? 1 : 0], isDog ? "dog" : "cat", atSea ? "sea" : "land", i < 40 ? "" : $"pet {i}");

    private static IDataView Keyed(MLContext ml, IEnumerable<Image> images)
    {
        IDataView rows = ml.Data.LoadFromEnumerable(images.ToArray());
        return StudyData.From(ml, ["cat", "dog"], rows, rows, rows).Train;
    }

    private sealed record Image([property: VectorType(2)] float[] Features, string Label, string Cue, string Pair);
}
