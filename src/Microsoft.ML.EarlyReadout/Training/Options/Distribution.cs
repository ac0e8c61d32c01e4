using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Whether several processes train one network together, each on a part of every batch.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Distribution>))]
public enum Distribution
{
    /// <summary>
    /// As the environment says, which launchers set: where <c>WORLD_SIZE</c> is above 1, this process is the rank <c>RANK</c> of as many,
    /// and they meet at <c>MASTER_ADDR</c> and <c>MASTER_PORT</c>. Else this process trains on its own.
    /// </summary>
    /// <remarks>What is on GPUs is summed over the CPU; or by NCCL, where <c>MLSIEVE_NCCL</c> names that library. Neither has been run on
    /// GPUs yet.</remarks>
    Automatic,

    /// <summary>This process trains on its own, whatever the environment says.</summary>
    Off,
}
