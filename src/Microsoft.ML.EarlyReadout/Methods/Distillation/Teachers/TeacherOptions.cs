using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Who teaches: a column of scores, or a model that is run on the training rows. It is needed for training alone; the fitted student does
/// not know it.
/// </summary>
public sealed class TeacherOptions
{
    /// <summary>The column of the teacher's scores, <c>Vector&lt;Single&gt;</c> with one number for each class of the label.</summary>
    /// <value>The default value is <c>TeacherScore</c>. A column in the data has scores of the images as they are, and is refused where
    /// augmentation changes them. With <see cref="Model"/> or <see cref="OnnxPath"/>, which make the column, a name that the data does
    /// not have.</value>
    /// <remarks>Where the column has slot names (or, from ML.NET's trainers on labels other than text, training label values), they say
    /// which class each number is of, and must be the label's; where it has none, the order is that of the label's key.</remarks>
    public string ScoreColumnName { get; set; } = "TeacherScore";

    /// <summary>
    /// The column of the teacher's last feature maps, <c>Vector&lt;Single, C, H, W&gt;</c>, whose means its last linear layer reads; or
    /// of those means, <c>Vector&lt;Single&gt;</c>. Needed by <see cref="DistillationMethod.SimKD"/> and
    /// <see cref="DistillationMethod.DeTT"/>, which match the maps as released, or else the vectors, and recover the linear layer from
    /// features and scores. A column of the data, one that <see cref="Model"/> adds, or an output of <see cref="OnnxPath"/>:
    /// <see cref="EarlyReadoutTransformer.SaveAsOnnx(string)"/> writes both, as <c>FeatureMaps</c> and <c>Embedding</c>.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: none. Must be <see langword="null"/> for the other methods, which read no
    /// features.</value>
    public string? FeatureColumnName { get; set; }

    /// <summary>What the scores are.</summary>
    /// <value>The default value is <see cref="TeacherScoreKind.Automatic"/>.</value>
    public TeacherScoreKind ScoreKind { get; set; } = TeacherScoreKind.Automatic;

    /// <summary>
    /// A fitted model that is run on the training rows, once; where <see cref="TrainerOptions.Augmentation"/> changes images, on every
    /// batch that the student sees, for which it may read no other column than the features. Columns that it writes over, such as
    /// features that it normalises, stay as they are for the student.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: the score column is in the data.</value>
    [JsonIgnore]
    public ITransformer? Model { get; set; }

    /// <summary>An <c>.onnx</c> file that is run as <see cref="Model"/> is. Its one input is the feature column; several inputs are
    /// columns of their names.</summary>
    /// <value>The default value is <see langword="null"/>: the score column is in the data.</value>
    public string? OnnxPath { get; set; }

    /// <summary>The column that <see cref="Model"/> adds, or the output of <see cref="OnnxPath"/>, that holds the scores.</summary>
    /// <value>The default value is <c>Score</c>.</value>
    public string OutputName { get; set; } = "Score";
}
