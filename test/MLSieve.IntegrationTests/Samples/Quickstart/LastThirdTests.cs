using Microsoft.ML.EarlyReadout;
using Quickstart;

namespace MLSieve.Tests;

public sealed class LastThirdTests
{
    [Theory]
    [InlineData("80.5", "0.5", 0.3, 0.5, 0.8, 0.7, 0.805, 0.75)]
    [InlineData("90.0", "0.0", 0.3, 0.5, 0.8, 0.9, 0.85, 0.88)]
    [InlineData("82.0", "2.0", 0.3, 0.5, 0.8, 0.7, 0.79, 0.82)]
    [InlineData("40.0", "40.0", 0.4)] // --steps 1: nothing was validated before
    public void It_says_what_the_last_third_of_the_steps_brought_and_never_that_more_would_bring_nothing(
        string best, string rise, params double[] scores)
    {
        var training = LastThird.Of(
            [.. scores.Select((score, i) => new TrainingPoint(10 * (i + 1), i + 1, new Dictionary<string, double>(), score))]);
        Assert.Equal(
            $"plain: {best} % of validation images, mean of groups; it rose by {rise} points in the last third of the steps, while the "
                + "learning rate fell to zero: more steps may give more",
            training.Sentence(Method.Plain));
    }
}
