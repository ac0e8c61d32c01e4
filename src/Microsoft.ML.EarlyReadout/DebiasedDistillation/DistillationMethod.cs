namespace Microsoft.ML.EarlyReadout;

/// <summary>How a student learns from its teacher.</summary>
public enum DistillationMethod
{
    /// <summary>Rows that an early readout of the student gets wrong, and confidently so, count more.</summary>
    Debiased,

    /// <summary>Every row counts alike (Hinton et al., 2015).</summary>
    Plain,
}
