using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class RankEnvironmentTests
{
    [Fact]
    public void A_process_without_a_launcher_trains_on_its_own()
    {
        Assert.Null(Read());
        Assert.Null(Read(("WORLD_SIZE", "1"), ("RANK", "0")));
    }

    [Fact]
    public void A_launchers_variables_say_which_rank_it_is_and_where_the_ranks_meet() => Assert.Equal(
        new RankEnvironment(3, 8, 1, "node0", 29500, TimeSpan.FromSeconds(600)),
        Read(("WORLD_SIZE", "8"), ("RANK", "3"), ("LOCAL_RANK", "1"), ("MASTER_ADDR", "node0"), ("MASTER_PORT", "29500")));

    [Fact]
    public void Beside_torchruns_own_store_the_ranks_meet_at_the_next_port() => Assert.Equal(
        29501,
        Read(
            ("WORLD_SIZE", "2"), ("RANK", "0"), ("MASTER_ADDR", "node0"), ("MASTER_PORT", "29500"),
            ("TORCHELASTIC_USE_AGENT_STORE", "True"))!.Port);

    [Fact]
    public void Everything_that_is_missing_or_wrong_is_named_at_once()
    {
        var fault = Assert.Throws<DistributedTrainingException>(
            () => Read(("WORLD_SIZE", "4"), ("RANK", "4"), ("MASTER_PORT", "http"), ("MLSIEVE_RANK_TIMEOUT", "0")));
        Assert.Equal(
            "WORLD_SIZE says that several processes train together, but RANK is '4'; it must be a number from 0 to 3; MASTER_PORT is "
                + "'http'; it must be a number from 1 to 65535; MLSIEVE_RANK_TIMEOUT is '0'; it must be a number from 1 to 2147483; "
                + "MASTER_ADDR is not set; it must name the machine of rank 0. Set them, or set Distribution to Off.",
            fault.Message);
    }

    private static RankEnvironment? Read(params (string Name, string Value)[] variables) =>
        RankEnvironment.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
