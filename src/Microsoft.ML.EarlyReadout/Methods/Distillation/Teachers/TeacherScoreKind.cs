using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the numbers in a teacher's score column are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TeacherScoreKind>))]
public enum TeacherScoreKind
{
    /// <summary>Probabilities where every row is at least 0 and sums to 1, logits otherwise; the log says which.</summary>
    Automatic,

    /// <summary>Class probabilities, as ML.NET's multiclass trainers give.</summary>
    Probabilities,

    /// <summary>The inputs of a softmax.</summary>
    Logits,
}
