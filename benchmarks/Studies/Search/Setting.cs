using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>One point of the search space.</summary>
/// <param name="LearningRate">The main network's learning rate.</param>
/// <param name="ForgetEvery">Steps from one forgetting step to the next; 0: no forgetting, which is plain training.</param>
/// <param name="Stage">The stage that the readout taps, from 1.</param>
/// <param name="Depth">Blocks of the readout.</param>
/// <param name="Width">Channels of each block.</param>
/// <param name="ForgetRate">The learning rate of the forgetting step.</param>
/// <param name="ReadoutRate">The readout's learning rate.</param>
internal sealed record Setting(double LearningRate, int ForgetEvery, int Stage, int Depth, int Width, double ForgetRate, double ReadoutRate)
{
    /// <summary>Plain training at a learning rate.</summary>
    /// <remarks>The readout's part is the cheapest there is; without forgetting it never touches the network.</remarks>
    public static Setting Plain(double learningRate) => new(learningRate, 0, 1, 0, 1, 0.01, 0.01);

    /// <summary>What options of the trainer set.</summary>
    public static Setting Of(FeatureSieveTrainer.Options options)
    {
        double rate = options.Optimizer.LearningRate!.Value;
        return options.ForgetEvery == 0 ? Plain(rate) : new Setting(
            rate, options.ForgetEvery, options.Readout.Stage, options.Readout.Depth!.Value,
            options.Readout.Depth == 0 ? 1 : options.Readout.Width!.Value,
            options.ForgetLearningRate!.Value, options.ReadoutLearningRate!.Value);
    }

    /// <summary>Sets it in options of the trainer.</summary>
    public void Apply(FeatureSieveTrainer.Options options)
    {
        options.Optimizer.LearningRate = LearningRate;
        options.Readout = new ReadoutOptions { Stage = Stage, Depth = Depth, Width = Width };
        options.ForgetEvery = ForgetEvery;
        options.ForgetLearningRate = ForgetRate;
        options.ReadoutLearningRate = ReadoutRate;
    }

    /// <summary>Whether this is plain training.</summary>
    public bool IsPlain => ForgetEvery == 0;

    /// <summary>
    /// Reads <c>stage=1,depth=0,every=5,forget=0.5,readout=0.01,width=64</c>; what is left out has the released default, with width 64.
    /// </summary>
    /// <exception cref="UsageException">A name is unknown, or a value is not a number, or not a whole one where it must be.</exception>
    public static Setting Parse(string text, double learningRate)
    {
        var setting = new Setting(learningRate, 5, 1, 2, 64, 0.01, 0.01);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                throw new UsageException($"--setting: '{part}' is not name=number.");
            setting = pair[0] switch
            {
                "rate" => setting with { LearningRate = value },
                "every" => setting with { ForgetEvery = Whole(0) },
                "stage" => setting with { Stage = Whole(1) },
                "depth" => setting with { Depth = Whole(0) },
                "width" => setting with { Width = Whole(1) },
                "forget" => setting with { ForgetRate = value },
                "readout" => setting with { ReadoutRate = value },
                _ => throw new UsageException(
                    $"--setting: unknown '{pair[0]}'; there are rate, every, stage, depth, width, forget, readout."),
            };

            int Whole(int least) => value >= least && value <= int.MaxValue && value == Math.Floor(value)
                ? (int)value
                : throw new UsageException(FormattableString.Invariant($"--setting: '{part}' takes a whole number of at least {least}."));
        }

        return setting;
    }

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => IsPlain
        ? string.Create(CultureInfo.InvariantCulture, $"rate={LearningRate},every=0")
        : string.Create(CultureInfo.InvariantCulture,
            $"rate={LearningRate},every={ForgetEvery},stage={Stage},depth={Depth},width={Width},forget={ForgetRate},readout={ReadoutRate}");
}
