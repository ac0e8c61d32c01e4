using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Xunit;

namespace MLSieve.Tests;

/// <summary>Processes of one test that meet over loopback, with the variables that a launcher sets.</summary>
public sealed class RankProcesses : IDisposable
{
    private readonly List<ChildProcess> _ranks = [];

    /// <summary>Starts a test once for each of the ranks.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>.</param>
    /// <param name="count">WORLD_SIZE.</param>
    /// <param name="environment">What the launcher sets besides, or in another way.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public static RankProcesses Start<T>(string test, int count, params (string Name, string? Value)[] environment)
    {
        var ranks = new RankProcesses();
        int port = GlooStore.FreePort();
        for (int rank = 0; rank < count; rank++) ranks.Add<T>(test, rank, count, port, environment);
        return ranks;
    }

    /// <summary>Starts a test as one more rank.</summary>
    /// <param name="test">The test.</param>
    /// <param name="rank">RANK.</param>
    /// <param name="count">WORLD_SIZE.</param>
    /// <param name="port">MASTER_PORT.</param>
    /// <param name="environment">What the launcher sets besides, or in another way.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public void Add<T>(string test, int rank, int count, int port, params (string Name, string? Value)[] environment)
    {
        (string, string?)[] variables =
        [
            ("RANK", rank.ToString(CultureInfo.InvariantCulture)), ("LOCAL_RANK", rank.ToString(CultureInfo.InvariantCulture)),
            ("WORLD_SIZE", count.ToString(CultureInfo.InvariantCulture)), ("MASTER_ADDR", "127.0.0.1"),
            ("MASTER_PORT", port.ToString(CultureInfo.InvariantCulture)), ("GLOO_SOCKET_IFNAME", "lo"), ("OMP_NUM_THREADS", "1"),
            .. environment,
        ];
        _ranks.Add(OwnProcess.Start<T>(test, variables));
    }

    /// <summary>The process of a rank.</summary>
    public ChildProcess this[int rank] => _ranks[rank];

    /// <summary>What a rank said, once it has ended.</summary>
    public async Task<string> OutputOf(int rank)
    {
        (_, string output, string errors) = await _ranks[rank].EndAsync(TestContext.Current.CancellationToken);
        return output + errors;
    }

    /// <summary>Waits for ranks, and fails if one of them fails or ends its process.</summary>
    /// <param name="ranks">The ranks; all where none is named.</param>
    public async Task RequirePassed(params int[] ranks)
    {
        foreach (int rank in ranks.Length == 0 ? [.. Enumerable.Range(0, _ranks.Count)] : ranks)
        {
            (int code, string output, string errors) = await _ranks[rank].EndAsync(TestContext.Current.CancellationToken);
            Assert.True(OwnProcess.Passed(code, output), $"rank {rank}, exit code {code}\n{output}{errors}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ChildProcess rank in _ranks) rank.Dispose();
    }
}
