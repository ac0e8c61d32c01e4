namespace Microsoft.ML.EarlyReadout;

/// <summary>What the compiler calls a use of a part that may still change. The page on stability says why, and what to expect.</summary>
internal static class ExperimentalId
{
    /// <summary>What methods written elsewhere stand on: the trainer's base, session, step, search spaces.</summary>
    public const string OwnMethod = "MLSIEVE001";

    /// <summary>Networks, layers and the graph that they write: their members have types of TorchSharp.</summary>
    public const string OwnNetwork = "MLSIEVE002";

    /// <summary>What a store of trials written elsewhere implements.</summary>
    public const string OwnStore = "MLSIEVE003";

    /// <summary>The search for shortcuts without groups.</summary>
    public const string Shortcuts = "MLSIEVE004";

    /// <summary>The monitor of a model that serves, and its instruments.</summary>
    public const string Monitoring = "MLSIEVE005";
}
