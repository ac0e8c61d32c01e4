using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Rows of 300 MB in a process whose managed heap may hold 200 MiB; and a heap that may hold more than the machine has.</summary>
public sealed class HeapLimitTests(ITestOutputHelper output)
{
    private static readonly (string, string?) _limit = ("DOTNET_GCHeapHardLimit", "0xC800000");

    [Fact]
    public void A_heap_limit_sets_the_budget_and_the_fit_trains_from_a_file() =>
        output.WriteLine(OwnProcess.Run<Child>(nameof(Child.Trains), _limit));

    [Fact]
    public void A_budget_that_is_more_than_the_heap_is_an_error_that_names_the_option() =>
        output.WriteLine(OwnProcess.Run<Child>(nameof(Child.Is_told), _limit));

    [Fact]
    public void A_heap_limit_above_what_the_machine_has_free_is_not_what_the_process_may_use() =>
        output.WriteLine(OwnProcess.Run<Child>(nameof(Child.May_use_what_is_free), ("DOTNET_GCHeapHardLimit", "0x4000000000")));

    /// <summary>The tests that run in the other process.</summary>
    public sealed class Child
    {
        private const int Width = 1000;
        private readonly MLContext _ml = new(seed: 1);

        [Fact(Explicit = true)]
        public void Trains()
        {
            List<string> log = [];
            _ml.Log += (_, message) => log.Add(message.RawMessage);
            Fit(null);
            string budget = Assert.Single(log, line => line.StartsWith("The training rows may take", StringComparison.Ordinal));
            Assert.InRange(double.Parse(budget.Split(' ')[5], System.Globalization.CultureInfo.InvariantCulture), 10, 50);
            Console.WriteLine(budget);
            Assert.Contains(log, line => line.Contains("exceed the memory budget of", StringComparison.Ordinal));
        }

        [Fact(Explicit = true)]
        public void Is_told()
        {
            string message = Assert.Throws<TrainingOutOfMemoryException>(() => Fit(4096)).Message;
            Console.WriteLine(message);
            Assert.Equal(
                "The fit has run out of managed memory. This process may use 200 MiB of managed memory "
                + "(the machine, its container or DOTNET_GCHeapHardLimit says so), and MemoryBudgetMebibytes "
                + "lets the training rows take 4096 MiB. Set it to less: rows above it go to a temporary file.", message);
            Fit(8); // as it says
        }

        [Fact(Explicit = true)]
        public void May_use_what_is_free()
        {
            const long slack = 64 << 20; // what other programs take and free meanwhile
            long before = FreeMemory.Bytes(), usable = MemoryBudget.Usable(), after = FreeMemory.Bytes();
            Console.WriteLine(FormattableString.Invariant($"{usable >> 20} MiB"));
            Assert.InRange(usable, 1, Math.Max(before, after) + slack);
        }

        private void Fit(int? budget)
        {
            IDataView rows = Rows.Ml.Data.LoadFromEnumerable(Draw(75_000));
            IDataView view = _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(_ml.Data.TakeRows(rows, 10)).Transform(rows);
            var options = new EarlyReadoutEstimator.Options { MemoryBudgetMebibytes = budget, Epochs = 1, BatchSize = 512 };
            options.Network.HiddenUnits = [4];
            _ml.Transforms.EarlyReadout(options).Fit(view).Dispose();
        }

        private static IEnumerable<Row> Draw(int count)
        {
            var random = new Random(1);
            var row = new Row();
            for (int i = 0; i < count; i++)
            {
                row.Class = i % 2 == 0;
                for (int f = 0; f < Width; f++) row.Features[f] = random.NextSingle() + (row.Class ? 0.5f : 0);
                yield return row;
            }
        }

        private sealed class Row
        {
            [VectorType(Width)]
            public float[] Features { get; set; } = new float[Width];

            public bool Class { get; set; }
        }
    }
}
