using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>
/// A training that asks for more memory than there is ends with an error that says what would fit, and what it says fits. In a process of
/// its own, whose memory is limited.
/// </summary>
public sealed partial class OutOfMemoryTests(ITestOutputHelper output)
{
    [Fact]
    public void A_batch_too_large_is_a_named_error_and_the_batch_that_it_advises_trains()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux limits a process's address space.");
        // each heap of a thread takes addresses
        output.WriteLine(OwnProcess.Run<Child>(nameof(Child.Runs_out_of_memory), ("MALLOC_ARENA_MAX", "2")));
    }

    [Fact]
    public void A_network_that_has_no_room_is_a_named_error()
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        options.Network.Custom = (shape, classes) =>
        {
            using var far = torch.zeros(1L << 44); // floats: 64 TiB
            return new WatchedNetwork(shape, classes, (_, input) => input.alias());
        };
        Assert.Equal(
            "There is no room for the network in the machine's memory: 67108864 MiB more could not be allocated. Choose a smaller network, "
                + "or end other programs that hold memory.",
            Assert.Throws<TrainingOutOfMemoryException>(() => TrainingCase.Fit(options)).Message);
    }

    [Fact]
    public void A_fit_whose_steps_fit_in_memory_ends_with_a_model()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux limits a process's address space.");
        output.WriteLine(OwnProcess.Run<Child>(nameof(Child.Ends_with_a_model), ("MALLOC_ARENA_MAX", "2")));
    }

    [Fact]
    public void Rows_that_do_not_fit_together_are_scored_in_smaller_batches_and_the_scores_are_the_same()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux limits a process's address space.");
        // addresses of a heap that training keeps would make room for batches
        output.WriteLine(OwnProcess.Run<Child>(
            nameof(Child.Scores_with_little_memory), ("MALLOC_ARENA_MAX", "2"), ("MALLOC_TOP_PAD_", "0")));
    }

    /// <summary>The test that runs in the other process.</summary>
    public sealed partial class Child
    {
        private const int AddressSpace = 9; // RLIMIT_AS
        private const int Side = 16;
        private const int LargeSide = 256;
        private const long Room = 600L << 20; // a layer's output for 512 rows takes half of it

        [Fact(Explicit = true)]
        public void Runs_out_of_memory()
        {
            var ml = new MLContext(seed: 1);
            var random = new Random(1);
            IDataView view = ml.Data.LoadFromEnumerable(
                Enumerable.Range(0, 512)
                    .Select(i => new Row
                    {
                        Pixels = [.. Enumerable.Range(0, 3 * Side * Side).Select(_ => random.NextSingle())],
                        Class = i % 2 == 0,
                        TeacherScore = [i % 2, -1],
                    }));
            view = ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view));
            // threads, libraries, compiled code: they take room once
            foreach (ContractTrainer trainer in Enum.GetValues<ContractTrainer>()) Fit(trainer, 4, rows: 8);
            LimitAddressSpace(Room);
            foreach (ContractTrainer trainer in Enum.GetValues<ContractTrainer>())
            {
                double before = ResidentMemory.Settled();
                TrainingOutOfMemoryException error;
                using (NativeLeakCheck.Start()) error = Assert.Throws<TrainingOutOfMemoryException>(() => Fit(trainer, 512, rows: 512));
                double after = ResidentMemory.Settled();
                Console.WriteLine($"{trainer}: {error.Message} (resident {before:F0} → {after:F0} MiB)");
                Assert.Equal(512, error.BatchSize);
                Assert.InRange(error.LargestBatchSize, 8, 256);
                Assert.StartsWith(
                    "Out of memory while training on cpu with batches of 512 rows: ", error.Message, StringComparison.Ordinal);
                Assert.Contains(
                    FormattableString.Invariant(
                        $"so about {error.LargestBatchSize} rows would fit: set BatchSize to {error.LargestBatchSize}."),
                    error.Message, StringComparison.Ordinal);
                Assert.True(after - before < 100, $"{after - before:F0} MiB have not been given back");
                Fit(trainer, error.LargestBatchSize, rows: 2 * error.LargestBatchSize);
            }

            void Fit(ContractTrainer trainer, int batchSize, int rows)
            {
                TrainerOptions options = trainer.Options(ContractInput.Pixels);
                (options.BatchSize, options.Epochs) = (batchSize, 1);
                options.Network.Channels = [600];
                options.Network.Input.Height = options.Network.Input.Width = Side;
                options.Estimator(ml).Fit(ml.Data.TakeRows(view, rows)).Dispose();
            }
        }

        /// <summary>
        /// 256 rows together would take more than 5 GiB to validate, and 64 more than a GiB to compare with the graph; a step takes a third
        /// of what there is.
        /// </summary>
        [Fact(Explicit = true)]
        public void Ends_with_a_model()
        {
            var ml = new MLContext(seed: 1);
            IDataView view = LargeRows(ml);
            FitLarge(ml, ml.Data.TakeRows(view, 4), validation: 0.5).Dispose();
            LimitAddressSpace(600L << 20);
            foreach (double validation in new[] { 0, 0.9 })
            {
                using EarlyReadoutTransformer model = FitLarge(ml, view, validation);
                Assert.Equal(1, model.History.Selected!.Epoch);
                Console.WriteLine($"{validation:P0} of the rows for validation: peak {PeakMebibytes():F0} MiB");
            }
        }

        /// <summary>A batch of scoring, 21 rows, would take some 350 MiB.</summary>
        [Fact(Explicit = true)]
        public void Scores_with_little_memory()
        {
            var ml = new MLContext(seed: 1);
            IDataView view = LargeRows(ml);
            float[][] expected;
            int ample;
            using (EarlyReadoutTransformer model = FitLarge(ml, ml.Data.TakeRows(view, 4), validation: 0))
                (expected, ample) = ([.. model.Transform(view).GetColumn<float[]>("Score")], model.Session.BatchRows);
            // The arena in which batches are computed went with the model: this one has taken no memory for batches yet.
            using EarlyReadoutTransformer fresh = FitLarge(ml, ml.Data.TakeRows(view, 4), validation: 0);
            ResidentMemory.Settled(); // what is freed later would make room
            LimitAddressSpace(150L << 20);
            float[][] scores = [.. fresh.Transform(view).GetColumn<float[]>("Score")];
            Assert.InRange(fresh.Session.BatchRows, 1, 10);
            Console.WriteLine($"{fresh.Session.BatchRows} rows at a time instead of {ample}");
            Assert.Equal(expected.Length, scores.Length);
            foreach ((float[] one, float[] other) in expected.Zip(scores))
                for (int c = 0; c < one.Length; c++) Assert.Equal(one[c], other[c], 1e-5);
        }

        private static IDataView LargeRows(MLContext ml)
        {
            var random = new Random(1);
            IDataView view = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 66).Select(i => new LargeRow
            {
                Pixels = [.. Enumerable.Range(0, 3 * LargeSide * LargeSide).Select(_ => (float)random.Next(256))],
                Class = i % 2 == 0,
            }));
            return ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view));
        }

        private static EarlyReadoutTransformer FitLarge(MLContext ml, IDataView rows, double validation)
        {
            TrainerOptions options = new EarlyReadoutEstimator.Options { FeatureColumnName = "Pixels", Seed = 1 };
            options.Network.Input.Height = options.Network.Input.Width = LargeSide;
            (options.BatchSize, options.Epochs, options.ValidationFraction) = (2, 1, validation);
            return options.Estimator(ml).Fit(rows);
        }

        private static double PeakMebibytes()
        {
            string peak = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return double.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }

        /// <summary>Limits the process's addresses to those that it has and so many more.</summary>
        private static void LimitAddressSpace(long more)
        {
            Assert.Equal(0, getrlimit(AddressSpace, out ResourceLimit limit));
            long pages = long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture);
            limit.Soft = Math.Min(limit.Hard, (ulong)((pages * Environment.SystemPageSize) + more));
            Assert.Equal(0, setrlimit(AddressSpace, in limit));
        }

        [LibraryImport("libc")]
        private static partial int getrlimit(int resource, out ResourceLimit limit);

        [LibraryImport("libc")]
        private static partial int setrlimit(int resource, in ResourceLimit limit);

        private struct ResourceLimit
        {
            public ulong Soft;
            public ulong Hard;
        }

        private sealed class LargeRow
        {
            [VectorType(3 * LargeSide * LargeSide)]
            public float[] Pixels { get; set; } = [];

            public bool Class { get; set; }
        }

        private sealed class Row
        {
            [VectorType(3 * Side * Side)]
            public float[] Pixels { get; set; } = [];

            public bool Class { get; set; }

            [VectorType(2)]
            public float[] TeacherScore { get; set; } = [];
        }
    }
}
