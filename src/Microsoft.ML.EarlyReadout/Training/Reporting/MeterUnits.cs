using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How reports and model cards show the units of meters.</summary>
internal static class MeterUnits
{
    /// <summary>What a value is multiplied by: shares are shown in %.</summary>
    public static double Factor(this MeterUnit unit) => unit switch
    {
        MeterUnit.Share => 100,
        MeterUnit.Nats or MeterUnit.Number => 1,
        _ => throw new UnreachableException($"No unit {unit}."),
    };

    /// <summary>What follows a name at an axis.</summary>
    public static string AtAxis(this MeterUnit unit) => unit switch
    {
        MeterUnit.Nats => " (nats)",
        MeterUnit.Share => " (%)",
        MeterUnit.Number => "",
        _ => throw new UnreachableException($"No unit {unit}."),
    };

    /// <summary>What follows a name in a sentence.</summary>
    public static string InWords(this MeterUnit unit) => unit switch
    {
        MeterUnit.Nats => " in nats",
        MeterUnit.Share => " in % of training rows",
        MeterUnit.Number => "",
        _ => throw new UnreachableException($"No unit {unit}."),
    };
}
