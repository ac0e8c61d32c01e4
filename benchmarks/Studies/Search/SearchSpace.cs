using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>The values that a search tries; "no forgetting" is always tried besides.</summary>
internal sealed record SearchSpace
{
    /// <summary>Stages to tap.</summary>
    public required int[] Stages { get; init; }

    /// <summary>Depths of the readout.</summary>
    public required int[] Depths { get; init; }

    /// <summary>Width of the readout's blocks.</summary>
    public required int Width { get; init; }

    /// <summary>Steps from one forgetting step to the next.</summary>
    public required int[] ForgetEvery { get; init; }

    /// <summary>Learning rates of the forgetting step.</summary>
    public required double[] ForgetRates { get; init; }

    /// <summary>Learning rates of the readout.</summary>
    public required double[] ReadoutRates { get; init; }

    /// <summary>
    /// The same for the library's search: choices stay what they are, rates, whose strength goes on a scale, may be anything from the
    /// smallest to the largest.
    /// </summary>
    /// <param name="learningRate">
    /// The main rate as gradient descent counts it, of which the library counts the others as multiples.
    /// </param>
    public SieveSpace WithRanges(double learningRate)
    {
        return new SieveSpace
        {
            Stages = Stages,
            Depths = Depths,
            Widths = [Width],
            ForgetEvery = ForgetEvery,
            ForgetRateMultiple = Range(ForgetRates),
            ReadoutRateMultiple = Range(ReadoutRates),
        };

        LogRange Range(double[] rates) => new(Math.Round(rates.Min() / learningRate, 10), Math.Round(rates.Max() / learningRate, 10));
    }
}
