using Microsoft.ML.EarlyReadout;
using Quickstart;

namespace MLSieve.Tests;

public sealed class LevellingTests
{
    [Theory]
    [InlineData(0.005, true, 0.3, 0.5, 0.8, 0.7, 0.805, 0.75)]
    [InlineData(0, true, 0.3, 0.5, 0.8, 0.9, 0.85, 0.88)]
    [InlineData(0.02, false, 0.3, 0.5, 0.8, 0.7, 0.79, 0.82)]
    [InlineData(0.4, false, 0.4)] // --steps 1: nothing was validated before
    public void A_training_has_levelled_where_the_last_third_of_its_steps_brings_a_point_at_most(
        double rise, bool level, params double[] scores)
    {
        var training = Levelling.Of(
            [.. scores.Select((score, i) => new TrainingPoint(10 * (i + 1), i + 1, new Dictionary<string, double>(), score))]);
        Assert.Equal(rise, training.Rise, 9);
        Assert.Equal(scores.Max(), training.Best);
        Assert.Equal(level, training.IsLevel);
        Assert.Contains(level ? "has levelled" : "was still rising", training.Sentence(Method.Plain), StringComparison.Ordinal);
    }
}
