using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>How many threads a session has, in processes that may use so many processors.</summary>
public sealed class ScoringThreadsTests
{
    private const string Processors = "DOTNET_PROCESSOR_COUNT"; // hexadecimal

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_session_has_a_thread_for_each_core_that_the_process_may_use(int processors)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && (ProcessorCores.Count ?? 0) >= processors, "There are fewer cores.");
        OwnProcess.Run<Child>(nameof(Child.Counts_threads), (Processors, processors.ToString("X", CultureInfo.InvariantCulture)));
    }

    public sealed class Child
    {
        private const int Sessions = 8;

        [Fact(Explicit = true)]
        public void Counts_threads()
        {
            byte[] graph = Graph();
            ScoringDevice.Cpu.Open(graph).Dispose(); // what ONNX Runtime starts once
            int before = Threads();
            InferenceSession[] sessions = [.. Enumerable.Range(0, Sessions).Select(_ => ScoringDevice.Cpu.Open(graph))];
            int more = Threads() - before;
            foreach (InferenceSession session in sessions) session.Dispose();
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
