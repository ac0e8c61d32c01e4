using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class EvaluationBatchesTests : IDisposable
{
    private const long Mebibyte = 1L << 20;
    private readonly TrainingSet _set;
    private readonly TrainingRows _rows;

    public EvaluationBatchesTests()
    {
        NativeBackend.EnsureLoaded();
        _set = Rows.Read(Rows.View(1, [.. Enumerable.Range(0, 300).Select(row => (new float[] { row }, row % 2 == 0 ? "a" : "b", ""))]));
        _rows = TrainingRows.AllOf(_set);
    }

    public static bool HasOneProcessor => Environment.ProcessorCount == 1;

    public void Dispose() => _set.Dispose();

    [Theory]
    [InlineData(1, 256, 44)] // no more rows than help
    [InlineData(Mebibyte, 128, 128, 44)]
    [InlineData(50 * Mebibyte, 2)]
    [InlineData(5000 * Mebibyte, 1)]
    public void Batches_are_as_large_as_their_bytes_allow(long bytesPerRow, params int[] expected)
    {
        List<int> counts = [];
        using (NativeLeakCheck.Start()) Batches().ForEach(_rows, bytesPerRow, (_, batch) => counts.Add(batch.Count));
        Assert.Equal(expected, counts.Take(expected.Length));
        Assert.Equal(300, counts.Sum());
    }

    [Fact]
    public void A_batch_that_memory_does_not_suffice_for_is_halved_and_no_row_is_left_out_or_used_twice()
    {
        EvaluationBatches batches = Batches();
        List<int> tried = [];
        List<long> used = [];
        void Use(int start, Batch batch)
        {
            tried.Add(batch.Count);
            Assert.False(is_grad_enabled());
            if (batch.Count > 40) throw OutOfMemory();
            Assert.Equal(used.Count, start);
            used.AddRange(batch.Rows);
        }

        using (NativeLeakCheck.Start()) batches.ForEach(_rows, 1, Use);
        Assert.Equal([256, 128, 64, 32, 32], tried.Take(5));
        Assert.Equal(_rows.Indices, used);

        used.Clear();
        tried.Clear();
        batches.ForEach(_rows, 2, Use); // what has failed once is not tried again
        Assert.Equal(16, tried[0]);
        Assert.Equal(_rows.Indices, used);
    }

    [Fact]
    public void One_row_that_memory_does_not_suffice_for_is_an_error()
    {
        int tries = 0;
        Assert.Throws<ExternalException>(() => Batches().ForEach(_rows, 1, (_, _) =>
        {
            tries++;
            throw OutOfMemory();
        }));
        Assert.Equal(9, tries); // 256, 128, …, 1
    }

    [Fact]
    public void Other_faults_are_not_tried_again()
    {
        int tries = 0;
        Assert.Throws<InvalidOperationException>(() => Batches().ForEach(_rows, 1, (_, _) =>
        {
            tries++;
            throw new InvalidOperationException();
        }));
        Assert.Equal(1, tries);
    }

    [Fact]
    public void It_stops_between_two_batches()
    {
        using var stop = new CancellationTokenSource();
        int batches = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => new EvaluationBatches(CPU, stop.Token).ForEach(_rows, 50 * Mebibyte, (_, _) =>
        {
            if (++batches == 5) stop.Cancel();
        }));
        Assert.Equal(5, batches);
    }

    [Fact(Skip = "One processor gathers a batch when it is needed.", SkipWhen = nameof(HasOneProcessor))]
    public void The_next_batch_is_gathered_by_another_thread_while_one_is_looked_at()
    {
        using TrainingSet set = Rows.Read(Rows.View(1000, [.. Enumerable.Range(0, 600).Select(row =>
            (Enumerable.Repeat(row + 0.5f, 1000).ToArray(), row % 2 == 0 ? "a" : "b", ""))]));
        int own = Environment.CurrentManagedThreadId, byOthers = 0, looked = 0;
        var watched = new TrainingSet
        {
            Features = set.Features,
            ClassNames = set.ClassNames,
            HasClassNames = set.HasClassNames,
            SkippedRows = set.SkippedRows,
            Labels = set.Labels,
            Groups = set.Groups,
            GroupNames = set.GroupNames,
            Columns = new WatchedColumn(new PackedColumn(set.Features, AreSingle: false), () =>
            {
                if (Environment.CurrentManagedThreadId != own) Interlocked.Increment(ref byOthers);
            }),
        };
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        Batches().ForEach(TrainingRows.AllOf(watched), 1, (start, batch) =>
        {
            looked++;
            bool isLast = start + batch.Count == 600;
            Assert.True(isLast || SpinWait.SpinUntil(() => Volatile.Read(ref byOthers) == looked, TimeSpan.FromSeconds(20)));
            Assert.Equal(start + 0.5f, batch.Features[0, 0].ToSingle());
            Assert.True(batch.Features.equal(batch.Column("Watched")).all().ToBoolean());
        });
        Assert.Equal((3, 2), (looked, byOthers));
    }

    [Fact]
    public void A_sample_is_spread_over_all_rows()
    {
        Assert.Equal([0L, 75, 150, 225], _rows.Sample(4).Indices);
        Assert.Equal(_rows.Indices, _rows.Sample(500).Indices);
    }

    private static EvaluationBatches Batches() => new(CPU, TestContext.Current.CancellationToken);

#pragma warning disable CA2201 // TorchSharp throws it
    private static ExternalException OutOfMemory() => new("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes.");
#pragma warning restore CA2201

    /// <summary>One column, which tells when its rows are asked for: they are asked for where a batch is filled.</summary>
    private sealed class WatchedColumn(PackedColumn column, Action asked) : IReadOnlyDictionary<string, PackedColumn>
    {
        private readonly Dictionary<string, PackedColumn> _all = new() { ["Watched"] = column };

        public int Count => 1;

        public IEnumerable<string> Keys => _all.Keys;

        public IEnumerable<PackedColumn> Values => _all.Values;

        public PackedColumn this[string key]
        {
            get
            {
                asked();
                return _all[key];
            }
        }

        public bool ContainsKey(string key) => _all.ContainsKey(key);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out PackedColumn value) => _all.TryGetValue(key, out value);

        public IEnumerator<KeyValuePair<string, PackedColumn>> GetEnumerator() => _all.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
