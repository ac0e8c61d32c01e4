using System.Buffers;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>Rows are computed in parts: of texts those of like length, and of any rows as many as there is memory for.</summary>
public sealed class GraphSessionTests
{
    private const int Size = 40;
    private const int Int32 = 6; // ONNX's number of the type
    private const int Int64 = 7;

    [Fact]
    public void Texts_are_computed_in_parts_of_like_length_and_no_part_is_wider_than_its_longest_text()
    {
        float[] rows = Texts(100, out int[] lengths);
        ScoringGraph graph = Graph(areTexts: true);
        using var session = new GraphSession(graph, graph.Bytes, ScoringDevice.Cpu);
        var (sums, parts) = Run(session, rows, 100);
        Assert.Equal(Sums(rows), sums.Select(row => row[0]));
        Assert.Equal(100, parts.Sum(part => part.Length));
        foreach (int[] part in parts)
        {
            Assert.InRange(part.Length, 1, 16);
            int longest = part.Max(row => lengths[row]);
            Assert.All(part, row => Assert.Equal(longest, sums[row][1]));
        }

        Assert.Equal(lengths.Order(), parts.SelectMany(part => part.Select(row => lengths[row])));
    }

    [Theory]
    [InlineData(true, 24)]
    [InlineData(false, 8)]
    public void Where_memory_does_not_suffice_the_part_is_halved_and_so_is_what_comes_after_it(bool areTexts, int count)
    {
        float[] rows = areTexts ? Texts(count, out _) : [.. Enumerable.Range(0, count * Size).Select(i => (float)(i % 7))];
        ScoringGraph graph = Graph(areTexts, takes: 1);
        using var session = new GraphSession(graph, graph.Bytes, ScoringDevice.Cpu);
        var (sums, parts) = Run(session, rows, count);
        Assert.Equal(Sums(rows), sums.Select(row => row[0]));
        Assert.Equal(4, session.PartRows);
        Assert.All(parts, part => Assert.Equal(4, part.Length));
        Assert.Equal(Enumerable.Range(0, count), parts.SelectMany(part => part).Order()); // each once
    }

    [Fact]
    public void A_row_for_which_there_is_no_memory_is_told()
    {
        ScoringGraph graph = Graph(areTexts: false, takes: 8);
        using var session = new GraphSession(graph, graph.Bytes, ScoringDevice.Cpu);
        var fault = Assert.Throws<OnnxRuntimeException>(() => Run(session, new float[2 * Size], 2));
        Assert.NotNull(AllocationFailure.Of(fault));
        Assert.Equal(1, session.PartRows);
    }

    [Fact]
    public void Whoever_stops_the_scoring_of_texts_waits_for_the_part_that_is_computed_and_no_other()
    {
        using var session = new ScoringSession(Graph(areTexts: true), ScoringDevice.Cpu);
        using var stop = new CancellationTokenSource();
        int reads = 0;
        using var rows = new WatchedRows(Texts(100, out _), () =>
        {
            if (++reads == 101) stop.Cancel(); // the length of each text is read, then each part
        });
        Memory<float> watched = rows.Memory;
        reads = 0;
        Assert.Throws<OperationCanceledException>(() => session.Score(watched, 100, [new float[100]], null, stop.Token));
        Assert.Equal(101, reads);
    }

    private static (float[][] Rows, List<int[]> Parts) Run(GraphSession session, float[] rows, int count)
    {
        var computed = new float[count][];
        List<int[]> parts = [];
        session.Run(rows, count, ["sum", "width"], (places, values) =>
        {
            parts.Add(places);
            foreach ((int i, int place) in places.Index())
                computed[place] = [.. values.Select(value => value.GetTensorDataAsSpan<float>()[i])];
        });
        return (computed, parts);
    }

    private static IEnumerable<float> Sums(float[] rows) => rows.Chunk(Size).Select(row => row.Sum());

    private static float[] Texts(int count, out int[] lengths)
    {
        var random = new Random(1);
        lengths = [.. Enumerable.Range(0, count).Select(_ => random.Next(1, Size + 1))];
        return [.. lengths.SelectMany(length => Enumerable.Range(0, Size).Select(i => i < length ? (float)random.Next(1, 9) : 0))];
    }

    /// <summary>(N, L) → the sum of each row, and L.</summary>
    /// <param name="areTexts">Whether the rows are tokens.</param>
    /// <param name="takes">Above 0, N rows take memory for 64 to the power of N times this many numbers: 64 MiB for four rows, for eight
    /// more than there are addresses.</param>
    private static ScoringGraph Graph(bool areTexts, int takes = 0)
    {
        FeatureShape shape = areTexts ? new TokenShape(Size, Vocabulary: 10, Separator: 9) : FeatureShape.Vector(Size);
        var graph = new OnnxGraph("rows");
        string input = graph.Input("Features", shape);
        string? tokens = areTexts ? graph.Node("Cast", [input], ("to", Int32)) : null;
        string numbers = graph.Node("Cast", [tokens ?? input], ("to", 1));
        string sum = graph.Node("ReduceSum", [numbers, graph.Constant("axis", [1L], 1)], ("keepdims", 1)); // (N, 1)
        string sides = graph.Node("Cast", [graph.Node("Shape", [numbers])], ("to", 1)); // (2)
        string count = graph.Node("Gather", [sides, graph.Constant("first", [0L], 1)]);
        string width = graph.Node("Gather", [sides, graph.Constant("second", [1L], 1)]);
        if (takes > 0)
        {
            string power = graph.Node("Mul", [count, graph.Constant("takes", [(float)takes], 1)]);
            power = graph.Node("Min", [power, graph.Constant("most", [8f], 1)]); // 64⁸ numbers have a count that 64 bits hold
            string much = graph.Node("Cast", [graph.Node("Pow", [graph.Constant("base", [64f], 1), power])], ("to", Int64));
            string zeros = graph.Node("ConstantOfShape", [much]);
            sum = graph.Node("Add", [sum, graph.Node("ReduceMax", [zeros], ("keepdims", 1))]);
        }

        graph.Output(sum, "sum", 1);
        graph.Output(graph.Node("Add", [graph.Node("Mul", [sum, graph.Constant("zero", [0f], 1)]), width]), "width", 1);
        return new ScoringGraph(graph.ToBytes(), input, shape, "sum", new GraphHead("sum", "sum"), [], 1) { Tokens = tokens };
    }

    /// <summary>Numbers that tell each time they are read.</summary>
    private sealed class WatchedRows(float[] rows, Action read) : MemoryManager<float>
    {
        public override Span<float> GetSpan()
        {
            read();
            return rows;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }
}
