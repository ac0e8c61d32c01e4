using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>What Precision.Automatic takes is measured, said and part of what a checkpoint is of.</summary>
public sealed partial class PrecisionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("precision-").FullName;
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _log = [], _warnings = [];

    public PrecisionTests() => _ml.Log += (_, entry) => (entry.Kind == ChannelMessageKind.Warning ? _warnings : _log).Add(entry.RawMessage);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Automatic_trains_in_what_is_faster_and_the_log_says_why()
    {
        Precision taken = Fit(Precision.Automatic, checkpoints: null);
        Match said = Measured().Match(Assert.Single(_log, line => line.StartsWith("precision ", StringComparison.Ordinal)));
        Assert.True(said.Success, string.Join('\n', _log));
        double bfloat16 = double.Parse(said.Groups["bfloat16"].Value, CultureInfo.InvariantCulture);
        double float32 = double.Parse(said.Groups["float32"].Value, CultureInfo.InvariantCulture);
        Assert.Equal(taken == Precision.BFloat16 ? "bfloat16" : "float32", said.Groups["taken"].Value);
        if (bfloat16 > 1.3 * float32) Assert.Equal(Precision.Float32, taken);
        if (bfloat16 < 0.7 * float32) Assert.Equal(Precision.BFloat16, taken);
        Assert.DoesNotContain(_warnings, text => text.Contains("bfloat16", StringComparison.Ordinal));
    }

    [Fact]
    public void The_default_is_float32_on_every_machine()
    {
        Assert.Equal(Precision.Float32, Fit(new FeatureSieveTrainer.Options().Precision, checkpoints: null));
        Assert.Single(_log, "precision float32 (as asked)");
    }

    [Theory]
    [InlineData(Precision.Float32, Precision.BFloat16)]
    [InlineData(Precision.BFloat16, Precision.Float32)]
    public void A_checkpoint_is_of_one_arithmetic_and_automatic_goes_on_in_it(Precision began, Precision other)
    {
        Fit(began, _folder);
        var fault = Assert.Throws<CheckpointMismatchException>(() => Fit(other, _folder));
        Assert.Equal([$"the precision was {began} and is {other}"], fault.Differences);
        Assert.Equal(began, Fit(Precision.Automatic, _folder));
        Assert.Contains(_log, line => line.Contains("(automatic; as before the checkpoint; ", StringComparison.Ordinal));
    }

    [Fact]
    public void Bfloat16_without_instructions_for_it_is_a_warning_that_says_what_to_set() =>
        // Kept from them, libtorch computes as it does on a processor without.
        OwnProcess.Run<Child>(nameof(Child.Trains_slowly), ("ONEDNN_MAX_CPU_ISA", "AVX2"));

    private Precision Fit(Precision precision, string? checkpoints) => Fit(_ml, precision, checkpoints);

    private static Precision Fit(MLContext ml, Precision precision, string? checkpoints)
    {
        TrainerOptions options = ContractTrainer.Sieve.Options(ContractInput.Pixels);
        (options.Precision, options.CheckpointDirectory, options.Epochs) = (precision, checkpoints, 1);
        using EarlyReadoutTransformer model = options.Estimator(ml).Fit(ContractRow.View(ml, ContractRow.Draw(32)));
        return model.History.Precision;
    }

    [GeneratedRegex(@"^precision (?<taken>\w+) \(automatic; a 3×3 convolution, forward and backward, takes (?<bfloat16>[\d.]+) ms in "
        + @"bfloat16 and (?<float32>[\d.]+) ms in float32(; the processor has .*)?\)$")]
    private static partial Regex Measured();

    /// <summary>The test that runs in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Trains_slowly()
        {
            var ml = new MLContext(seed: 1);
            List<string> warnings = [];
            ml.Log += (_, entry) =>
            {
                if (entry.Kind == ChannelMessageKind.Warning) warnings.Add(entry.RawMessage);
            };
            Assert.Equal(Precision.BFloat16, Fit(ml, Precision.BFloat16, checkpoints: null));
            string warning = Assert.Single(warnings, text => text.Contains("bfloat16", StringComparison.Ordinal));
            Assert.Matches(@"^Training in bfloat16 is slow here, [\d.]+ times as slow as in float32: a 3×3 .* Set Precision", warning);
            Assert.Equal(Precision.Float32, Fit(ml, Precision.Automatic, checkpoints: null));
        }
    }
}
