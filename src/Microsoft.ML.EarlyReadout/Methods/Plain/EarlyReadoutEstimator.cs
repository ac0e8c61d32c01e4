using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Trains a network classifier plainly, with readouts on its stages: the diagnosis of what early layers can decide on their own, and the baseline of every method
/// that mends it.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.EarlyReadout(...)</c>.</para>
/// <para>A readout of stage k is a small classifier q trained by <c>L_aux = −log q_y(sg[f≤k(x)])</c>, where sg stops the gradient: it changes nothing in the network. Its
/// confidence margin is <c>cm = q(top 1) − q(top 2)</c>. Readouts are more often wrong, and more confidently wrong, on the rows where a spurious feature misleads: "Using Early
/// Readouts to Mediate Featural Bias in Distillation", WACV 2024. <c>mlContext.MulticlassClassification.ProfileReadouts</c> shows it.</para>
/// <para>Besides <c>Score</c> and <c>PredictedLabel</c>, the fitted transformer adds for each readout R the columns <c>R.Score</c>, <c>R.PredictedLabel</c> and <c>R.Margin</c>.
/// They are outputs of the same ONNX graph, and survive saving.</para>
/// </remarks>
/// <threadsafety>An estimator may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class EarlyReadoutEstimator : IEstimator<EarlyReadoutTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly Options _options;

    internal EarlyReadoutEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _environment = environment;
        _options = options.Copy();
    }

    /// <summary>Trains on the view's rows, which are read once.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The fitted classifier. Dispose it when it is no longer needed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to do.</exception>
    /// <exception cref="ArgumentException">The network has no such stage, or there is nothing to learn from.</exception>
    /// <exception cref="InvalidDataException">The weights file does not fit the network, or a feature is not finite.</exception>
    /// <exception cref="TrainingDivergedException">A loss is no longer finite.</exception>
    /// <exception cref="TrainingOutOfMemoryException">A step needs more memory than there is; the message says which <see cref="TrainerOptions.BatchSize"/> would fit.</exception>
    /// <exception cref="ModelExportException">The network is trained, but no model could be made of it, or its check failed; the exception
    /// holds what there is.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled; where the network was trained, it is a
    /// <see cref="ModelExportCanceledException"/> that holds it.</exception>
    public EarlyReadoutTransformer Fit(IDataView input) => NetworkTraining.Fit(_environment, nameof(EarlyReadoutEstimator), _options, input, Train);

    /// <summary>The columns that the fitted transformer will add.</summary>
    /// <param name="inputSchema">The shape of the training data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type. <see cref="Fit"/> finds more: a shape tells neither the size of a vector nor the number of
    /// a key's values.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => NetworkTraining.GetOutputSchema(_options, inputSchema, _options.ReadoutNames);

    /// <summary>The estimator as a search uses it.</summary>
    internal static SearchedTrainer<Options> Searched { get; } = new(
        nameof(EarlyReadoutEstimator),
        (environment, options, input) => new EarlyReadoutEstimator(environment, options).Fit(input),
        (environment, options, input) => NetworkTraining.Train(environment, nameof(EarlyReadoutEstimator), options, input, Train),
        (environment, options, input, look) => NetworkTraining.Train(environment, nameof(EarlyReadoutEstimator), options, input, look));

    private static void Train(TrainingSession session, Options options)
    {
        var trainers = new List<ReadoutTrainer>();
        try
        {
            foreach (Tap tap in options.Taps)
            {
                TappedReadout readout = session.CreateReadout(tap.ColumnName, tap.Readout, session.Seeds.For("readout " + tap.ColumnName));
                session.Readouts.Add(readout);
                IRisk risk = tap.ClassBalanced ? WeightedRisk.ClassBalanced(session.Training) : EmpiricalRisk.Instance;
                trainers.Add(new ReadoutTrainer(readout, risk, options.ReadoutLearningRate!.Value, options.ReadoutWeightDecay, tap.ColumnName));
            }

            bool together = options.ReadoutTraining == ReadoutTraining.Together && options.TrainedPart != TrainedPart.None;
            if (options.TrainedPart != TrainedPart.None) SupervisedTraining.Run(session, options.TrainedPart, options.Objective, together ? trainers : []);
            if (together || trainers.Count == 0) return;
            using var step = new ReadoutStep(session.Network, trainers);
            session.Train("Readouts", step, options.ReadoutEpochs!.Value);
        }
        finally
        {
            foreach (ReadoutTrainer trainer in trainers) trainer.Dispose();
        }
    }
}
