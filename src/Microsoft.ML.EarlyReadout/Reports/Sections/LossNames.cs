namespace Microsoft.ML.EarlyReadout;

/// <summary>Names under which trainings tell of themselves, as far as their unit or their place in the report follows from them.</summary>
internal static class LossNames
{
    /// <summary>The forgetting loss before a step that forgets.</summary>
    public const string Forget = "forget";

    /// <summary>The forgetting loss after it; not of a joint update, which forgets and trains at once.</summary>
    public const string Forgotten = "forgotten";

    /// <summary>The mean weight of rows; a number without a unit.</summary>
    public const string Weight = "weight";

    /// <summary>Whether it is a share of rows; all but weights are nats otherwise.</summary>
    public static bool IsAccuracy(string name) => name.EndsWith(" accuracy", StringComparison.Ordinal);
}
