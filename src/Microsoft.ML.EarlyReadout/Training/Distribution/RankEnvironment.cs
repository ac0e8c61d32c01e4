using System.Globalization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Which rank this process is and where the ranks meet, as launchers say it: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR,
/// MASTER_PORT.</summary>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Count">The number of processes.</param>
/// <param name="LocalRank">This process among those of its machine, from 0.</param>
/// <param name="Host">Where rank 0 listens.</param>
/// <param name="Port">Its port.</param>
/// <param name="Timeout">How long a rank waits for another.</param>
internal sealed record RankEnvironment(int Rank, int Count, int LocalRank, string Host, int Port, TimeSpan Timeout)
{
    /// <summary>The variable of <see cref="Timeout"/>, in seconds.</summary>
    public const string TimeoutVariable = "MLSIEVE_RANK_TIMEOUT";

    private const int DefaultTimeout = 600;

    /// <summary>What the environment says; <see langword="null"/> where it does not speak of several processes.</summary>
    /// <param name="variable">Gives the value of a variable, or <see langword="null"/>.</param>
    /// <exception cref="DistributedTrainingException">A variable is missing or no such number; the message names them all.</exception>
    public static RankEnvironment? Read(Func<string, string?> variable)
    {
        if (string.IsNullOrEmpty(variable("WORLD_SIZE")) || variable("WORLD_SIZE") == "1") return null;
        var faults = new List<string>();
        int count = Number("WORLD_SIZE", 2, int.MaxValue, null);
        int rank = Number("RANK", 0, count - 1, null);
        int local = Number("LOCAL_RANK", 0, int.MaxValue, 0);
        int port = Number("MASTER_PORT", 1, ushort.MaxValue, null);
        int timeout = Number(TimeoutVariable, 1, int.MaxValue / 1000, DefaultTimeout);
        string host = variable("MASTER_ADDR") ?? "";
        if (host.Length == 0) faults.Add("MASTER_ADDR is not set; it must name the machine of rank 0");
        if (faults.Count > 0)
        {
            throw new DistributedTrainingException(
                $"WORLD_SIZE says that several processes train together, but {string.Join("; ", faults)}. Set them, or set Distribution to "
                    + "Off.");
        }

        // torchrun's own store listens at its port, and outlives a restart; the ranks meet at the next one.
        if (variable("TORCHELASTIC_USE_AGENT_STORE") == "True") port++;
        return new RankEnvironment(rank, count, local, host, port, TimeSpan.FromSeconds(timeout));

        int Number(string name, int least, int most, int? otherwise)
        {
            string? text = variable(name);
            if (string.IsNullOrEmpty(text) && otherwise is { } value) return value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
                return number;
            string bounds = most == int.MaxValue
                ? FormattableString.Invariant($"at least {least}")
                : FormattableString.Invariant($"from {least} to {most}");
            faults.Add($"{name} is {(string.IsNullOrEmpty(text) ? "not set" : $"'{Excerpt.Of(text)}'")}; it must be a number {bounds}");
            return least;
        }
    }
}
