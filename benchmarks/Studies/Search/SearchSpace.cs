using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>The values from which a search draws; "no forgetting" is always tried besides.</summary>
internal sealed record SearchSpace
{
    /// <summary>
    /// Learning rates of the main network; plain training chooses among them, and the sieve takes the one chosen. None in a study of
    /// several methods, which has one rate.
    /// </summary>
    public double[] LearningRates { get; init; } = [];

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

    /// <summary>Draws different settings that forget, at one main learning rate, as evenly as can be over stages and depths.</summary>
    /// <returns><paramref name="count"/> settings, or all there are.</returns>
    public IReadOnlyList<Setting> Draw(int count, double learningRate, Random random)
    {
        Setting[] all =
        [
            .. from stage in Stages
               from depth in Depths
               from every in ForgetEvery
               from forget in ForgetRates
               from readout in ReadoutRates
               select new Setting(learningRate, every, stage, depth, depth == 0 ? 1 : Width, forget, readout),
        ];
        random.Shuffle(all);
        return [.. all.GroupBy(setting => (setting.Stage, setting.Depth))
            .SelectMany(tap => tap.Index())
            .OrderBy(drawn => drawn.Index)
            .Take(count)
            .Select(drawn => drawn.Item)];
    }
}
