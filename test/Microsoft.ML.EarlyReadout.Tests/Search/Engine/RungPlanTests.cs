using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class RungPlanTests
{
    [Theory]
    [InlineData(900, 3, null, null, "100 300 900", 50)]
    [InlineData(1000, 3, null, null, "112 336 1000", 56)] // a rung is at a validation
    [InlineData(1000, 3, null, 50, "150 350 1000", 50)]
    [InlineData(1000, 2, 100, null, "100 200 400 800 1000", 50)]
    [InlineData(1000, 3, 1000, null, "1000", 500)]
    [InlineData(1000, 3, 5000, null, "1000", 500)]
    [InlineData(5, 3, null, null, "1 3 5", 1)]
    [InlineData(1, 3, null, null, "1", 1)]
    [InlineData(100, 3, null, 60, "60 100", 60)]
    [InlineData(100, 3, null, 200, "100", 200)]
    public void Rungs_grow_by_the_factor_and_lie_at_validations(
        int steps, int factor, int? first, int? every, string rungs, int validateEvery)
    {
        var plan = RungPlan.Of(new HalvingOptions { Factor = factor, FirstSteps = first }, steps, every);
        Assert.Equal((rungs, validateEvery), (string.Join(' ', plan.Steps), plan.ValidateEvery));
    }

    [Fact]
    public void Without_halving_there_is_the_end_alone_and_twenty_validations()
    {
        var plan = RungPlan.Of(null, 1000, null);
        Assert.Equal([1000], plan.Steps);
        Assert.Equal(50, plan.ValidateEvery);
    }
}
