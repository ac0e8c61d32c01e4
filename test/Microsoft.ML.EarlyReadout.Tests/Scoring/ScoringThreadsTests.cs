using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>How many threads a session has, in processes that may use so many processors.</summary>
public sealed class ScoringThreadsTests
{
    private const string Processors = "DOTNET_PROCESSOR_COUNT"; // hexadecimal

    [Theory]
    [InlineData(nameof(Child.Counts_threads), 1)]
    [InlineData(nameof(Child.Counts_threads), 2)]
    [InlineData(nameof(Child.Counts_threads_of_single_rows), 1)]
    [InlineData(nameof(Child.Counts_threads_of_single_rows), 2)]
    public void A_session_has_a_thread_for_each_core_that_the_process_may_use(string test, int processors)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && (ProcessorCores.Count ?? 0) >= processors, "There are fewer cores.");
        OwnProcess.Run<Child>(test, (Processors, processors.ToString("X", CultureInfo.InvariantCulture)));
    }

    public sealed class Child
    {
        private const int Sessions = 8;

        [Fact(Explicit = true)]
        public void Counts_threads()
        {
            byte[] graph = Graph();
            Count(() => ScoringDevice.Cpu.Open(graph));
        }

        [Fact(Explicit = true)]
        public void Counts_threads_of_single_rows()
        {
            var ml = new MLContext(seed: 1);
            IDataView images = Picture.View(ml, count: 20);
            using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                FeatureColumnName = "Pixels",
                Network = { Kind = NetworkKind.ConvNet, Channels = [4] },
                Epochs = 1,
            }).Fit(images);
            StockHead head = StockHead.Fit(images.Schema["Label"]);
            Count(() => new StockChain(model.Graph, head, margin: null, model.Columns, Path.GetTempPath(), ScoringDevice.Cpu));
        }

        private static void Count(Func<IDisposable> open)
        {
            open().Dispose(); // what ONNX Runtime starts once
            int before = Threads();
            IDisposable[] sessions = [.. Enumerable.Range(0, Sessions).Select(_ => open())];
            int more = Threads() - before;
            foreach (IDisposable session in sessions) session.Dispose();
            Assert.Equal(Environment.ProcessorCount, ProcessorCores.Count);
            int expected = Sessions * (Environment.ProcessorCount - 1); // beside the one that asks
            Assert.InRange(more, expected - Sessions / 2, expected + Sessions / 2); // .NET starts and ends some, too
        }

        private static int Threads() => Process.GetCurrentProcess().Threads.Count;

        private static byte[] Graph()
        {
            var graph = new OnnxGraph("Threads");
            graph.Output(graph.Node("Conv", [graph.Input("x", 3, 8, 8), graph.Constant("w", ones(4, 3, 3, 3))]), "y", 4, 6, 6);
            return graph.ToBytes();
        }
    }
}
