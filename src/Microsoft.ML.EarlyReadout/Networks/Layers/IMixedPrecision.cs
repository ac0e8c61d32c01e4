namespace Microsoft.ML.EarlyReadout;

/// <summary>A layer that keeps float32 weights and can compute in less while training. In evaluation it computes in float32.</summary>
internal interface IMixedPrecision
{
    /// <summary>The arithmetic while training.</summary>
    Precision Precision { get; set; }
}
