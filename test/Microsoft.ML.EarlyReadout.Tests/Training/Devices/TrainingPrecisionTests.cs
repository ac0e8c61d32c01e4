using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class TrainingPrecisionTests
{
    private const string Processor = "; the processor has avx512_bf16";
    private const string Slow = "a layer, forward and backward, takes 14.00 ms in bfloat16 and 1.00 ms in float32" + Processor;

    [Theory]
    [InlineData(1.0, 0.5, Precision.BFloat16)]
    [InlineData(1.2, 1.0, Precision.BFloat16)]
    [InlineData(1.19, 1.0, Precision.Float32)] // 8 bits of mantissa are not given away for less than a fifth
    [InlineData(1.0, 14.0, Precision.Float32)]
    public void Bfloat16_is_taken_where_it_is_faster_by_a_fifth(double float32, double bfloat16, Precision expected)
    {
        Assert.Equal(expected, TrainingPrecision.Faster(float32, bfloat16));
        Assert.Equal(expected, Choose(Precision.Automatic, float32, bfloat16).Precision);
    }

    [Fact]
    public void The_log_says_what_was_taken_and_why()
    {
        const string fast = "a layer, forward and backward, takes 0.50 ms in bfloat16 and 1.00 ms in float32" + Processor;
        Assert.Equal($"precision float32 (automatic; {Slow})", Said(Choose(Precision.Automatic, 1e-3, 14e-3)));
        Assert.Equal($"precision bfloat16 (automatic; {fast})", Said(Choose(Precision.Automatic, 1e-3, 0.5e-3)));
        Assert.Equal($"precision bfloat16 (as asked; {fast})", Said(Choose(Precision.BFloat16, 1e-3, 0.5e-3)));
        Assert.Equal("precision float32 (as asked)", Said(TrainingPrecision.Choose(Precision.Float32, images: true, CPU)));

        static string Said(TrainingPrecision precision)
        {
            Assert.Null(precision.Warning);
            return precision.Description;
        }
    }

    [Fact]
    public void What_is_asked_for_and_slow_is_taken_with_a_warning()
    {
        TrainingPrecision asked = Choose(Precision.BFloat16, 1e-3, 14e-3);
        Assert.Equal(Precision.BFloat16, asked.Precision);
        Assert.Equal($"Training in bfloat16 is slow here, 14.0 times as slow as in float32: {Slow}. "
            + "Set Precision to Float32, or to Automatic, which takes bfloat16 only where it is faster.", asked.Warning);
    }

    [Fact]
    public void A_training_that_goes_on_keeps_the_arithmetic_that_it_began_with()
    {
        Assert.Equal(Precision.Float32, Choose(Precision.Automatic, 1e-3, 0.5e-3, Precision.Float32).Precision);
        TrainingPrecision slow = Choose(Precision.Automatic, 1e-3, 14e-3, Precision.BFloat16);
        Assert.Equal(Precision.BFloat16, slow.Precision);
        Assert.StartsWith("precision bfloat16 (automatic; as before the checkpoint; ", slow.Description, StringComparison.Ordinal);
        Assert.NotNull(slow.Warning);
    }

    [Theory]
    [InlineData(true, "a 3×3 convolution")]
    [InlineData(false, "a linear layer")]
    public void Both_are_timed_once_and_nothing_native_stays(bool images, string layer)
    {
        NativeBackend.EnsureLoaded();
        PrecisionSpeed speed;
        using (NativeLeakCheck.Start()) speed = PrecisionSpeed.Of(images, CPU);
        Assert.Equal(layer, speed.Layer);
        Assert.InRange(speed.Float32, 1e-6, 1);
        Assert.InRange(speed.BFloat16, 1e-6, 10);
        Assert.Same(speed, PrecisionSpeed.Of(images, CPU));
    }

    [Fact]
    public void A_device_that_does_not_compute_in_bfloat16_is_refused_where_it_is_asked_for_and_else_float32_is_taken()
    {
        using var layer = new Float32Only();
        PrecisionSpeed speed;
        using (NewDisposeScope()) speed = PrecisionSpeed.Time("a layer", layer, precision => layer.Precision = precision, ones(2, 2));
        const string reason = "a layer does not run in bfloat16 on this device: Unable to find an engine";
        Assert.Equal(
            $"precision float32 (automatic; {reason})", TrainingPrecision.Choose(Precision.Automatic, speed, "", null).Description);
        Assert.Equal(
            $"Precision is BFloat16, and {reason}. Set Precision to Float32, or to Automatic, which takes float32 here.",
            Refusal(Precision.BFloat16, null));
        Assert.Equal(
            $"The training began in bfloat16, and {reason}. Go on on a device that computes in it, or begin anew, in another "
                + "CheckpointDirectory.",
            Refusal(Precision.Automatic, Precision.BFloat16));

        string Refusal(Precision asked, Precision? begun) =>
            Assert.Throws<ArgumentException>(() => TrainingPrecision.Choose(asked, speed, "", begun)).Message;
    }

    /// <summary>A layer on a card without bfloat16.</summary>
    private sealed class Float32Only() : Layer("float32-only")
    {
        public Precision Precision { get; set; }

#pragma warning disable CA2201 // TorchSharp throws it
        public override Tensor forward(Tensor input) => Precision == Precision.Float32
            ? input.clone()
            : throw new ExternalException("Unable to find an engine\nException raised from libtorch's own stack");
#pragma warning restore CA2201

        public override string Export(OnnxGraph graph, string input) => throw new UnreachableException();
    }

    private static TrainingPrecision Choose(Precision asked, double float32, double bfloat16, Precision? begun = null) =>
        TrainingPrecision.Choose(asked, new PrecisionSpeed("a layer", float32, bfloat16), Processor, begun);
}
