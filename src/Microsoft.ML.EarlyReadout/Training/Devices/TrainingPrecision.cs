using System.Runtime.Intrinsics.X86;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The arithmetic that a training takes.</summary>
/// <param name="Precision">The arithmetic; never <see cref="Precision.Automatic"/>.</param>
/// <param name="Description">Which it is and why, for the log.</param>
/// <param name="Warning">Why it is a bad choice here; <see langword="null"/> where it is none.</param>
internal sealed record TrainingPrecision(Precision Precision, string Description, string? Warning = null)
{
    private const double LeastSpeedUp = 1.2; // 8 bits of mantissa are not given away for less

    /// <summary>Settles what the options ask for.</summary>
    /// <param name="asked">The option.</param>
    /// <param name="images">Whether the network reads images, by convolutions, rather than vectors.</param>
    /// <param name="device">The device of training.</param>
    /// <param name="begun">The arithmetic that a training which is gone on with began with; <see langword="null"/> where it begins.</param>
    /// <exception cref="ArgumentException">It is bfloat16, and the device does not compute in it.</exception>
    public static TrainingPrecision Choose(Precision asked, bool images, torch.Device device, Precision? begun = null)
    {
        if (asked == Precision.Float32) return new(Precision.Float32, "precision float32 (as asked)");
        PrecisionSpeed speed = PrecisionSpeed.Of(images, device);
        return Choose(asked, speed, device.type == DeviceType.CPU ? Processor() : "", begun);
    }

    /// <summary>As the other, given what was measured and what the processor has.</summary>
    internal static TrainingPrecision Choose(Precision asked, PrecisionSpeed speed, string processor, Precision? begun)
    {
        bool automatic = asked == Precision.Automatic;
        Precision taken = !automatic ? asked : begun ?? Faster(speed.Float32, speed.BFloat16);
        if (taken == Precision.BFloat16 && speed.Fault is not null) throw Refusal(automatic, speed);
        string why = !automatic ? "as asked" : begun is null ? "automatic" : "automatic; as before the checkpoint";
        string seen = $"{speed}{processor}";
        bool isSlow = taken == Precision.BFloat16 && speed.BFloat16 > LeastSpeedUp * speed.Float32;
        string description = $"precision {(taken == Precision.BFloat16 ? "bfloat16" : "float32")} ({why}; {seen})";
        string times = FormattableString.Invariant($"{speed.BFloat16 / speed.Float32:F1} times as slow as in float32");
        return new(taken, description, !isSlow ? null : $"Training in bfloat16 is slow here, {times}: {seen}. "
            + "Set Precision to Float32, or to Automatic, which takes bfloat16 only where it is faster.");
    }

    /// <summary>The arithmetic that pays, given the times of the same work.</summary>
    internal static Precision Faster(double float32, double bfloat16) =>
        bfloat16 * LeastSpeedUp <= float32 ? Precision.BFloat16 : Precision.Float32;

    private static ArgumentException Refusal(bool automatic, PrecisionSpeed speed) => new(
        automatic
            ? $"The training began in bfloat16, and {speed}. Go on on a device that computes in it, or begin anew, in another "
                + "CheckpointDirectory."
            : $"Precision is BFloat16, and {speed}. Set Precision to Float32, or to Automatic, which takes float32 here.");

    private static string Processor()
    {
        if (!X86Base.IsSupported) return "";
        string[] instructions = [.. ProcessorInstructions.BFloat16()];
        if (instructions.Length == 0) return "; the processor has no instructions for bfloat16";
        string limit = ConvolutionCheck.MostInstructions is { } most
            ? $", and {ConvolutionCheck.Instructions}={most} may keep libtorch from using them" : "";
        return $"; the processor has {string.Join(" and ", instructions)}{limit}";
    }
}
