using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Trains a student network on a teacher's scores so that it does not take over, or make for itself, the shortcut of a spurious feature: rows that an early readout of the student
/// gets wrong, and confidently so, count more.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.Trainers.DebiasedDistillation(...)</c>.</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>input: features</term><description><c>Vector&lt;Single&gt;</c> of known size (tabular, or pixels), or an image</description></item>
/// <item><term>input: label</term><description>key</description></item>
/// <item><term>input: teacher's scores, for training only</term><description><c>Vector&lt;Single, C&gt;</c>; or made by <see cref="TeacherOptions.Model"/> or <see cref="TeacherOptions.OnnxPath"/></description></item>
/// <item><term>output: Score</term><description><c>Vector&lt;Single&gt;</c>, one probability a class, in the order of the slot names</description></item>
/// <item><term>output: PredictedLabel</term><description>key, with the label's own values</description></item>
/// </list>
/// <para>With student logits s and teacher logits t it minimises, over rows i,
/// <c>L_i = (1−λ)·CE(s_i, y_i) + λ·w_i·T²·KL( softmax(t_i/T) ‖ softmax(s_i/T) )</c>, where <c>w_i = exp(β·cm_i^α)</c> if the readout of row i is wrong, else 1; cm is the
/// readout's confidence margin. Every <see cref="Options.ReadoutEvery"/> epochs a fresh readout is trained on the student as it stands, and all weights are made anew. "Using Early
/// Readouts to Mediate Featural Bias in Distillation", WACV 2024.</para>
/// </remarks>
/// <threadsafety>A trainer may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class DebiasedDistillationTrainer : IEstimator<EarlyReadoutTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly Options _options;

    internal DebiasedDistillationTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _environment = environment;
        _options = options.Copy();
    }

    /// <summary>The trainer as a search uses it.</summary>
    internal static SearchedTrainer<Options> Searched { get; } = new(
        nameof(DebiasedDistillationTrainer),
        (environment, options, input) => new DebiasedDistillationTrainer(environment, options).Fit(input),
        (environment, options, input) => Teach(options, input, (taught, train) =>
            NetworkTraining.Train(environment, nameof(DebiasedDistillationTrainer), options, taught, train, ColumnsOf(options), input.Schema)),
        (environment, options, input, look) => Teach(options, input, (taught, _) =>
            NetworkTraining.Train(environment, nameof(DebiasedDistillationTrainer), options, taught, look, ColumnsOf(options), input.Schema)));

    /// <summary>Trains on the view's rows, which are read once.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The fitted student. Dispose it when it is no longer needed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to do.</exception>
    /// <exception cref="ArgumentException">The network has no such stage, or the teacher or its numbers are not what the options say.</exception>
    /// <exception cref="InvalidDataException">A feature or score is not finite, or the weights file or the teacher's file is not what it should be.</exception>
    /// <exception cref="TrainingDivergedException">A loss is no longer finite.</exception>
    /// <exception cref="TrainingOutOfMemoryException">A step needs more memory than there is; the message says which <see cref="TrainerOptions.BatchSize"/> would fit.</exception>
    /// <exception cref="ModelExportException">The network is trained, but no model could be made of it, or its check failed; the exception
    /// holds what there is.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled; where the network was trained, it is a
    /// <see cref="ModelExportCanceledException"/> that holds it.</exception>
    public EarlyReadoutTransformer Fit(IDataView input)
    {
        EarlyReadoutTransformer? student = null;
        Teach(_options, input, (taught, train) =>
            student = NetworkTraining.Fit(_environment, nameof(DebiasedDistillationTrainer), _options, taught, train, ColumnsOf(_options), input.Schema));
        return student!;
    }

    /// <summary>The columns that the fitted transformer will add.</summary>
    /// <param name="inputSchema">The shape of the training data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type. <see cref="Fit"/> finds more: a shape tells neither the size of a vector nor the number of
    /// a key's values.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => NetworkTraining.GetOutputSchema(_options, inputSchema, columns: GivenOf(_options));

    private static TrainingColumns ColumnsOf(Options options) => new(
        options.FeatureColumnName, options.LabelColumnName, options.GroupColumnName, options.Teacher.ScoreColumnName,
        options.MatchesFeatures ? options.Teacher.FeatureColumnName : null);

    // What must be in the data before the teacher has run: a model or file adds its scores, and may add the features that they are made of.
    private static TrainingColumns GivenOf(Options options) =>
        options.Teacher is { Model: null, OnnxPath: null } ? ColumnsOf(options) : ColumnsOf(options) with { Scores = null, TeacherFeatures = null };

    /// <summary>Lets a teacher score the rows, for as long as they are used.</summary>
    /// <param name="options">The options.</param>
    /// <param name="input">The rows.</param>
    /// <param name="use">Is given the rows with the teacher's columns, and what trains on them.</param>
    private static void Teach(Options options, IDataView input, Action<IDataView, Action<TrainingSession, Options>> use)
    {
        ArgumentNullException.ThrowIfNull(input);
        TrainingColumns columns = ColumnsOf(options);
        GivenOf(options).Check(input.Schema, options.Network.Input); // before the teacher adds columns, which are not the student's
        using Teacher teacher = Teacher.Prepare(options.Teacher, columns, input);
        IDataView taught = teacher.Apply(input);
        use(taught, (session, settled) => Train(session, settled, teacher.Source, taught.Schema, Lessons.Of(teacher, settled, columns, input.Schema, session)));
    }

    private static void Train(TrainingSession session, Options options, string source, DataViewSchema schema, Lessons lessons)
    {
        TeacherScores teacher = TeacherScores.Read(schema[options.Teacher.ScoreColumnName], source, session.Training.Set, options.Teacher.Scores, session.Log);
        if (options.MatchesFeatures)
        {
            FeatureMatching.Train(session, teacher, lessons, options);
            return;
        }
        StageTap.Check(session.Network, options.Readout.Stage); // now, not when the first readout is due
        using var step = new DistillationStep(session.Network, teacher, options, session.Training.Set.Count, new RowWeights(session, options).Renew, lessons);
        session.Train(step);
    }
}
