using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Smoothed labels in every method.</summary>
public sealed class LabelSmoothingTests
{
    // Without those whose loss is a distance of features, and the one that has the sum over the groups for a mean.
    public static TheoryData<string> Cases => [.. TrainingCase.Names.Except(["SimKD", "DeTT", "group DRO"])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_networks_loss_is_smoothed_in_every_method_that_has_labels_in_it(string name)
    {
        using EarlyReadoutTransformer plain = TrainingCase.Fit(Smoothed(name, 0)), smoothed = TrainingCase.Fit(Smoothed(name, 1));
        string meter = name == "distillation" ? "labels" : "main";
        double least = 0.99 * Math.Log(plain.ClassCount); // against labels that say nothing, of any network
        Assert.True(smoothed.History.Points[^1].Losses[meter] > least);
        Assert.True(plain.History.Points[^1].Losses[meter] < least);
    }

    [Fact]
    public void Group_dro_has_the_smoothed_loss_too() => Assert.NotEqual(
        TrainingCase.FitToBytes(Smoothed("group DRO", 0)), TrainingCase.FitToBytes(Smoothed("group DRO", 0.5)));

    [Fact]
    public void A_readout_learns_the_labels_as_they_are()
    {
        TrainerOptions options = Smoothed("readouts together", 1); // a label says nothing: the network learns none
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        IReadOnlyDictionary<string, double> losses = model.History.Points[^1].Losses;
        Assert.True(losses["main"] > 0.99 * Math.Log(model.ClassCount));
        Assert.True(losses["Readout1"] < 0.9 * Math.Log(model.ClassCount));
    }

    private static TrainerOptions Smoothed(string name, double smoothing)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.LabelSmoothing = smoothing;
        return options;
    }
}
