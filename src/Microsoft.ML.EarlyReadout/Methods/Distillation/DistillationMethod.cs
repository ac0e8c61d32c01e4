using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How a student learns from its teacher.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DistillationMethod>))]
public enum DistillationMethod
{
    /// <summary>Rows that an early readout of the student gets wrong, and confidently so, count more.</summary>
    Debiased,

    /// <summary>Every row counts alike (Hinton et al., 2015).</summary>
    Plain,

    /// <summary>SimKD (Chen et al., CVPR 2022): a projection of the student's features learns to equal the teacher's, and the teacher's own
    /// classifier reads it. Needs <see cref="TeacherOptions.FeatureColumnName"/>.</summary>
    SimKD,

    /// <summary>
    /// DeTT (Lee et al., 2023): SimKD in which the rows that a briefly trained student gets wrong count more. Needs
    /// <see cref="TeacherOptions.FeatureColumnName"/>.
    /// </summary>
    DeTT,
}
