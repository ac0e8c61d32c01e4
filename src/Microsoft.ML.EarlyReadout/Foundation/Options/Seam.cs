namespace Microsoft.ML.EarlyReadout;

/// <summary>The part of the library that methods written elsewhere stand on, marked as experimental: it may still change.</summary>
internal static class Seam
{
    /// <summary>What the compiler calls a use of it.</summary>
    public const string Id = "MLSIEVE001";
}
