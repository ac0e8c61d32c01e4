using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>What an app sets as libtorch's default type and device is for its own tensors.</summary>
public sealed class TorchDefaultsTests
{
    [Fact]
    public void Networks_and_methods_train_to_the_bit_as_without_the_defaults_that_an_app_sets() =>
        OwnProcess.Run<Child>(nameof(Child.Networks));

    /// <summary>The test that runs in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Networks()
        {
            NativeBackend.EnsureLoaded();
            string folder = Directory.CreateTempSubdirectory("defaults-").FullName;
            try
            {
                string weights = Path.Combine(folder, "weights.safetensors");
                string[] expected = Train(weights);
                torch.set_default_dtype(torch.float64);
                torch.set_default_device(new torch.Device(DeviceType.META)); // whose tensors have no numbers
                Assert.Equal(expected, Train(weights));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        /// <summary>Takes a step with each network, from the model of another step, from its weights, and by methods that make tensors of
        /// their own.</summary>
        /// <returns>What tells the models from others.</returns>
        private static string[] Train(string weights)
        {
            using EarlyReadoutTransformer start = Fit(NetworkKind.Mlp);
            start.SaveWeights(weights);
            return
            [
                .. Enum.GetValues<NetworkKind>().Except([NetworkKind.Automatic]).Select(kind => $"{kind} {Hash(Fit(kind))}"),
                $"started {Hash(Fit(NetworkKind.Mlp, options => options.StartFrom = start))}",
                $"with weights {Hash(Fit(NetworkKind.Mlp, options => options.Network.WeightsPath = weights))}",
                $"reweighted {Hash(Fit(NetworkKind.Mlp, Reweight))}",
                $"distilled {Hash(Distilled())}",
            ];
        }

        private static EarlyReadoutTransformer Fit(NetworkKind kind, Action<EarlyReadoutEstimator.Options>? change = null)
        {
            var ml = new MLContext(seed: 1);
            EarlyReadoutEstimator.Options options = Options(kind);
            change?.Invoke(options);
            return ml.Transforms.EarlyReadout(options).Fit(Rows(ml));
        }

        private static void Reweight(EarlyReadoutEstimator.Options options) =>
            (options.Objective.Kind, options.GroupColumnName) = (ObjectiveKind.DeepFeatureReweighting, nameof(Row.Text));

        private static EarlyReadoutTransformer Distilled()
        {
            var ml = new MLContext(seed: 1);
            return ml.MulticlassClassification.Trainers.DebiasedDistillation(new DebiasedDistillationTrainer.Options
            {
                FeatureColumnName = nameof(Row.Numbers),
                StartEpoch = 1, // so that a readout weighs the rows of the only step
                Steps = 1,
                BatchSize = 4,
                Device = "cpu",
            }).Fit(Rows(ml));
        }

        private static string Hash(EarlyReadoutTransformer model)
        {
            using EarlyReadoutTransformer owned = model;
            return Convert.ToHexString(SHA256.HashData(ModelBytes.Of(owned)));
        }

        private static EarlyReadoutEstimator.Options Options(NetworkKind kind)
        {
            var options = new EarlyReadoutEstimator.Options { Network = { Kind = kind }, Steps = 1, BatchSize = 4, Device = "cpu" };
            switch (kind)
            {
                case NetworkKind.Mlp:
                    options.FeatureColumnName = nameof(Row.Numbers);
                    break;
                case NetworkKind.Bert or NetworkKind.DistilBert:
                    options.TextColumnName = nameof(Row.Text);
                    options.Network.MaxTokens = 8;
                    (options.Network.Encoder.Layers, options.Network.Encoder.Width, options.Network.Encoder.Heads) = (1, 16, 2);
                    break;
                default:
                    options.FeatureColumnName = nameof(Row.Pixels);
                    options.Network.Stem = ResNetStem.ImageNet; // where there is one, the one that computes less
                    break;
            }

            return options;
        }

        private static IDataView Rows(MLContext ml)
        {
            var random = new Random(1);
            IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 4).Select(i => new Row
            {
                Numbers = [.. Enumerable.Range(0, 5).Select(_ => random.NextSingle())],
                Pixels = [.. Enumerable.Range(0, 3 * Row.Side * Row.Side).Select(_ => (float)random.Next(256))],
                Text = i % 2 == 0 ? "a great film" : "so dull",
                TeacherScore = i % 2 == 0 ? [1.5f, -0.5f] : [-1, 2],
                Class = i % 2 == 0 ? "good" : "bad",
            }).ToArray());
            return ml.Transforms.Conversion.MapValueToKey("Label", nameof(Row.Class)).Fit(rows).Transform(rows);
        }

        private sealed class Row
        {
            public const int Side = 32;

            [VectorType(5)]
            public float[] Numbers { get; set; } = [];

            [VectorType(3, Side, Side)]
            public float[] Pixels { get; set; } = [];

            public string Text { get; set; } = "";

            [VectorType(2)]
            public float[] TeacherScore { get; set; } = [];

            public string Class { get; set; } = "";
        }
    }
}
