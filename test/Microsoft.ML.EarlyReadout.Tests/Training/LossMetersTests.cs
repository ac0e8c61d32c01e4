using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class LossMetersTests
{
    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.PositiveInfinity)]
    public void Of_two_numbers_by_one_name_the_one_that_is_not_finite_is_told(float first, float second)
    {
        using var meters = new LossMeters(CPU, RankGroup.Single) { Step = 3 };
        using Tensor loss = tensor(0.5f), one = tensor(first), other = tensor(second);
        meters.Add("main", loss, 4);
        meters.CheckFinite("gradient norm", one);
        meters.CheckFinite("gradient norm", other);
        (long step, IReadOnlyDictionary<string, double> values) = meters.FindFault()!.Value;
        Assert.Equal(3, step);
        Assert.Equal(0.5, values["main"]);
        Assert.Equal(float.IsFinite(first) ? second : first, values["gradient norm"]);
    }
}
