using Microsoft.ML;

namespace Studies;

/// <summary>The rows of a study with a spurious attribute whose agreement with the label is known.</summary>
internal interface IStudyRows
{
    /// <summary>Training rows.</summary>
    int Count { get; }

    /// <summary>The rows of a seed. Equal for equal seeds.</summary>
    StudyData Load(MLContext ml, int seed);
}
