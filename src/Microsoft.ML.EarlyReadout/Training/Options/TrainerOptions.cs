using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What every trainer of this library has in common: columns, network, optimisation, validation, data and device. An option that is
/// automatic is settled in <c>Fit</c>, once network and rows are known; the log and <see cref="TrainingHistory.Settings"/> say what it came
/// to. All options are validated when the trainer is made, and all faults are reported in one exception. A trainer copies what it needs:
/// changing the options afterwards changes nothing.
/// </summary>
public abstract partial class TrainerOptions
{
    /// <summary>
    /// The column of features: <c>Vector&lt;Single&gt;</c> of known size, or an image. It is not read where <see cref="TextColumnName"/> is
    /// given.
    /// </summary>
    /// <value>The default value is <c>Features</c>.</value>
    public string FeatureColumnName { get; set; } = "Features";

    /// <summary>The column of texts that the network reads in place of features. No transform is needed before it.</summary>
    /// <value>The default value is <see langword="null"/>: the network reads <see cref="FeatureColumnName"/>.</value>
    public string? TextColumnName { get; set; }

    /// <summary>
    /// The second text of each row, where the network reads pairs of texts, such as a premise and a hypothesis: <see
    /// cref="TextColumnName"/> holds the first. Of a pair that is longer than <see cref="NetworkOptions.MaxTokens"/> the longer text
    /// loses its end first.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: one text a row.</value>
    public string? SecondTextColumnName { get; set; }

    /// <summary>
    /// The column of labels: a key, as made by <c>MapValueToKey</c>. Rows whose label is missing are skipped and counted in the log.
    /// </summary>
    /// <value>The default value is <c>Label</c>.</value>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>The output column of class probabilities. It may hide a column of the rows that no option names, such as an earlier
    /// model's; a column that an option names it may not.</summary>
    /// <value>The default value is <c>Score</c>.</value>
    public string ScoreColumnName { get; set; } = "Score";

    /// <summary>The output column of the predicted class, a key with the label's own values. What it may hide: as for <see
    /// cref="ScoreColumnName"/>.</summary>
    /// <value>The default value is <c>PredictedLabel</c>.</value>
    public string PredictedLabelColumnName { get; set; } = "PredictedLabel";

    /// <summary>
    /// A column that holds a spurious attribute (key, text, number or bool). A group is a pair of label and attribute; a
    /// missing attribute counts as one of its own. Used on validation rows to select an epoch; to train only by the objectives that say so.
    /// </summary>
    /// <remarks>
    /// Where a <see cref="ValidationSet"/> or <see cref="DeepFeatureReweightingOptions.ReweightingSet"/> has it, the training rows may lack
    /// it, unless their groups are read: by the objective, or by <see cref="Selection"/> on a <see cref="ValidationFraction"/> of them.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>: no groups. Another column than <see cref="LabelColumnName"/>.</value>
    public string? GroupColumnName { get; set; }

    /// <summary>
    /// A column of type <c>Single</c> that says how much a training row counts, as in ML.NET's trainers: not negative, and not 0 in all of
    /// them. The weights are scaled to mean 1 over the training rows, so that they do not change the learning rate.
    /// </summary>
    /// <remarks>
    /// They multiply every loss of a row by which the network is trained, so with a method's own weights they multiply. Readouts, other
    /// losses of a method, a last layer that is fitted anew, and validation count every row alike.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>: each row counts alike.</value>
    public string? ExampleWeightColumnName { get; set; }

    /// <summary>The network.</summary>
    public NetworkOptions Network { get; set; } = new();

    /// <summary>
    /// Warm start: a fitted <c>EarlyReadoutTransformer</c>, or one that its <c>Load</c> has read, with whose weights the network begins. It
    /// must be of the same network and the same classes in the same order, and <see cref="NetworkOptions.Input"/> must do the same to
    /// the numbers. On texts its vocabulary and its encoder's sizes are taken too; <see cref="NetworkOptions.VocabularyPath"/> and the
    /// heads of <see cref="NetworkOptions.Encoder"/> must be its own where they are given, and <see cref="NetworkOptions.MaxTokens"/> at
    /// most its positions. Readouts start fresh, and automatic options are those for pretrained weights. It stays the caller's, and is read
    /// when the fit begins.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: fresh weights, or those of <see
    /// cref="NetworkOptions.WeightsPath"/>, which is not given with it.</value>
    [JsonIgnore]
    public ITransformer? StartFrom { get; set; }

    /// <summary>Passes over the training rows.</summary>
    /// <value>The default value is <see langword="null"/>: automatic, as many as come to 1,000 steps, but from 10 to 30; where weights are
    /// pretrained from 10 to 60, and on texts from 3 to 15; none where <see cref="Steps"/> is given. At least 1.</value>
    public int? Epochs { get; set; }

    /// <summary>Steps in all, one on each batch, in place of <see cref="Epochs"/>: the last epoch may end in the middle.</summary>
    /// <remarks>Neither counts what a method trains before, within or after the network's training, such as the first network of Just Train
    /// Twice, or readouts by themselves. The method's own options say how long that takes, which may be longer.</remarks>
    /// <value>The default value is <see langword="null"/>: <see cref="Epochs"/> counts. At least 1. Must be <see langword="null"/> where
    /// <see cref="Epochs"/> is given.</value>
    public int? Steps { get; set; }

    /// <summary>Rows in a batch; the last batch of an epoch may be shorter, or longer by a single row that would be left over.</summary>
    /// <value>The default value is 32. At least 1.</value>
    public int BatchSize { get; set; } = 32;

    /// <summary>
    /// Gradient accumulation: at most so many rows of a batch pass the network at once. Gradients are gathered over the batch, in parts as
    /// equal as can be, and then the weights move once; so it takes the memory of a part, and the step is that of the whole batch.
    /// </summary>
    /// <remarks>
    /// Steps, schedule, losses and checkpoints count batches as ever. Only live batch norm and dropout see parts, of the network and of
    /// readouts. A method that needs all rows of a batch at once does not take it, and says so.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>: a batch passes at once. At least 1 and at most <see cref="BatchSize"/>.</value>
    public int? MicroBatchSize { get; set; }

    /// <summary>Which statistics the network's batch norm uses while training; a readout's are live in every step.</summary>
    /// <value>The default value is <see cref="BatchNormStatistics.Automatic"/>.</value>
    public BatchNormStatistics BatchNorm { get; set; } = BatchNormStatistics.Automatic;

    /// <summary>
    /// Label smoothing ε: each label is taken for <c>(1 − ε)·[c = y] + ε/C</c>, as in PyTorch, wherever the network is trained on labels.
    /// </summary>
    /// <remarks>Readouts learn the labels as they are, since their margins are looked at; so does a last layer fitted anew.</remarks>
    /// <value>The default value is 0: the labels as they are. From 0 to 1.</value>
    public double LabelSmoothing { get; set; }

    /// <summary>How the main network is optimised.</summary>
    [NestOption]
    public OptimizerOptions Optimizer { get; set; } = new();

    /// <summary>How the learning rates change.</summary>
    public ScheduleOptions Schedule { get; set; } = new();

    /// <summary>
    /// The decay d of an exponential moving average of the weights, a ← d·a + (1 − d)·w after each step: the mean of about the last
    /// 1/(1 − d) steps. Validated, kept and exported is then the average, while training goes on with the weights as they are.
    /// </summary>
    /// <remarks>
    /// After t steps the decay is at most (1 + t)/(10 + t), so that the random start soon counts for nothing: 0.99 is reached after 890
    /// steps, 0.999 after 8,990. Batch norm's stored statistics are averaged as the weights are, and so are readouts that are trained
    /// together with the network. What is trained before, within or after is not: the first network of Just Train Twice, the readouts by
    /// which a method weighs rows, its own readouts, readouts trained afterwards, the last layer that a reweighting fits.
    /// </remarks>
    /// <value>The default value is 0: no average. At least 0 and less than 1.</value>
    public double AveragingDecay { get; set; }

    /// <summary>Random changes to training images.</summary>
    public AugmentationOptions Augmentation { get; set; } = new();

    /// <summary>
    /// The part of the training rows that is held out for validation, drawn by the seed: from each group where they have groups
    /// (<see cref="GroupColumnName"/>), else from each class. Where the part is large enough, each group of two rows or more has a
    /// validation row; the log names those that have none.
    /// </summary>
    /// <remarks>It is drawn row by row, in each fold of a cross-validation too. Where several rows belong together, such as those of one
    /// patient, split them by that key and give a <see cref="ValidationSet"/>.</remarks>
    /// <value>The default value is 0: none. At least 0 and less than 1. Must be 0 where <see cref="ValidationSet"/> is given.</value>
    public double ValidationFraction { get; set; }

    /// <summary>Rows for validation, with the training view's columns and that of groups where one is named: it may be left out where a
    /// <see cref="DeepFeatureReweightingOptions.ReweightingSet"/> has it and <see cref="Selection"/> looks at no groups. <c>Fit(trainData,
    /// validationData)</c> does the same.</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    [JsonIgnore]
    public IDataView? ValidationSet { get; set; }

    /// <summary>The validation figure by which a network is kept. Without validation rows it is the last step's.</summary>
    /// <value>The default value is <see cref="SelectionMetric.AverageAccuracy"/>.</value>
    public SelectionMetric Selection { get; set; } = SelectionMetric.AverageAccuracy;

    /// <summary>
    /// Steps from one validation to the next; the last step is followed by one in any case. The network that is kept is then that of a
    /// step, not of an epoch's end, and <see cref="TrainingHistory.Points"/> come as often, without validation rows too.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: at the end of each epoch. At least 1.</value>
    public int? ValidateEverySteps { get; set; }

    /// <summary>
    /// Training stops when the figure of <see cref="Selection"/> has not risen above its highest in so many validations in a row. The
    /// network with the highest is kept.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: never. At least 1. Needs validation rows, and a figure to select by.</value>
    public int? Patience { get; set; }

    /// <summary>Called with the figures of each validation, on the thread that trains, which waits for it.</summary>
    /// <remarks>
    /// <para>An exception of it ends the fit and comes out as it is; one of cancellation or of memory counts as the training's own. To stop
    /// right here, cancel <see cref="CancellationToken"/> in it: a checkpoint is taken first where <see cref="CheckpointDirectory"/> is
    /// given, and a fit with the same options and folder goes on with the next step.</para>
    /// <para>A fit that goes on from a checkpoint does not call it for validations before it; <see cref="TrainingHistory.Points"/> has them
    /// all. The checkpoint of a validation is taken after the call: where the call throws, or the process ends between the two, the same
    /// validation is reported again.</para>
    /// <para>It is not called for a last layer that was fitted anew after training: <see cref="TrainingHistory.Refitted"/> has its
    /// figures.</para>
    /// </remarks>
    /// <value>The default value is <see langword="null"/>. Needs validation rows, and a <see cref="Selection"/> to look at them by.</value>
    [JsonIgnore]
    public Action<TrainingValidation>? OnValidation { get; set; }

    /// <summary>
    /// Where training runs: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. A device that is not there is an error, never a silent
    /// fallback.
    /// </summary>
    /// <value>The default value is <c>auto</c>: the first GPU if there is one, else the CPU; the log says which.</value>
    public string Device { get; set; } = "auto";

    /// <summary>Whether several processes (ranks) train the network together, each on a part of every batch. All are started alike, with
    /// the same options and rows, and each gets the same model.</summary>
    /// <remarks>
    /// <see cref="BatchSize"/> counts the rows of all ranks together. The first rank writes checkpoints, reports <see cref="Progress"/> and
    /// calls <see cref="OnValidation"/>. A cancellation in one rank stops all at the same step. Trials of a search train on their own. The
    /// ranks' traffic is neither authenticated nor encrypted: use trusted networks only.
    /// </remarks>
    /// <value>The default value is <see cref="Distribution.Automatic"/>: what the environment says.</value>
    public Distribution Distribution { get; set; } = Distribution.Automatic;

    /// <summary>The arithmetic of training.</summary>
    /// <value>The default value is <see cref="Precision.Float32"/>.</value>
    public Precision Precision { get; set; } = Precision.Float32;

    /// <summary>Memory for the packed rows of training and validation together, in MiB; above it they go to a file in the temporary folder
    /// (<see cref="MLContext.TempFilePath"/>), removed after the fit. Labels, groups and the order of an epoch are outside it: 24 bytes a
    /// row, or 32 where rows differ in length.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: a quarter of what this process may still use when the fit begins; the log says how
    /// much. At least 1.
    /// </value>
    public int? MemoryBudgetMebibytes { get; set; }

    /// <summary>The seed of fresh weights, shuffling, held-out rows, augmentation and dropout.</summary>
    /// <value>The default value is <see langword="null"/>: that of the <see cref="MLContext"/>, or 0 where it has none.</value>
    public int? Seed { get; set; }

    /// <summary>Receives progress a few times a second.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    [JsonIgnore]
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>
    /// Stops reading, training, validating and exporting within one step. So does the cancellation of the <see cref="MLContext"/>, by which
    /// AutoML ends a trial.
    /// </summary>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; set; }

    /// <summary>What a cancelled fit does.</summary>
    /// <value>The default value is <see cref="CancellationBehavior.Throw"/>.</value>
    public CancellationBehavior OnCancellation { get; set; } = CancellationBehavior.Throw;

    /// <summary>
    /// A folder for checkpoints. A fit that was stopped at any moment, killed included, and is started again with the same folder, options
    /// and data goes on where the last checkpoint was taken; on a CPU with one thread it ends with the same model to the bit. A finished
    /// fit that is started again returns its model at once. One fit uses a folder at a time.
    /// </summary>
    /// <remarks>Not for a trainer in <c>CrossValidate</c>: each fold has other rows, and needs a folder of its own.</remarks>
    /// <value>The default value is <see langword="null"/>: no checkpoints.</value>
    public string? CheckpointDirectory { get; set; }

    /// <summary>
    /// A checkpoint is taken after so many steps, besides that after each point of the history: by default, at the end of each epoch.
    /// </summary>
    /// <value>The default value is 0: not by steps. At least 0. Above 0 it needs <see cref="CheckpointDirectory"/>, except in the trainer
    /// of a search, whose runs are given a folder.</value>
    public int CheckpointEverySteps { get; set; }

    /// <summary>
    /// A checkpoint is taken after so many minutes, besides that after each point of the history: by default, at the end of each epoch.
    /// </summary>
    /// <value>The default value is 5. At least 0; 0: not by time.</value>
    public double CheckpointEveryMinutes { get; set; } = 5;

    /// <summary>How many checkpoints are kept, the newest ones.</summary>
    /// <value>The default value is 2. At least 1.</value>
    public int CheckpointsKept { get; set; } = 2;

    /// <summary>Whether these are sampled options over fixed ones (<see cref="TrialOptions"/>): then a readout's stage is brought back
    /// among those that it may read, and checkpoints have a folder of their own.</summary>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal bool IsTrial { get; internal set; }

    /// <summary>Takes over from other options what JSON cannot hold.</summary>
    /// <param name="from">Options of the same type.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual void TakeReferences(TrainerOptions from)
    {
        ValidationSet = from.ValidationSet;
        StartFrom = from.StartFrom;
        OnValidation = from.OnValidation;
        Progress = from.Progress;
        CancellationToken = from.CancellationToken;
        if (from.Network is { } network) Network.Custom = network.Custom; // none is a fault, which is told with all others
        IsTrial = from.IsTrial;
    }

    /// <summary>What to change where a model answers one class for every row: the method's own options, in a sentence.</summary>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual string OneClassAdvice => "";

    /// <summary>The names of the readouts that the fitted model has.</summary>
    internal virtual IReadOnlyList<string> ReadoutNames => [];

    /// <summary>The options that say where files lie, by their whole names. A training may go on with files that lie elsewhere: what makes
    /// it another one is what they hold.</summary>
    internal virtual IReadOnlyList<string> PathOptions =>
    [
        $"{nameof(Network)}.{nameof(NetworkOptions.WeightsPath)}",
        $"{nameof(Network)}.{nameof(NetworkOptions.VocabularyPath)}",
    ];

    /// <summary>The most rows that pass the network at once while training.</summary>
    internal int RowsAtOnce => MicroBatchSize ?? BatchSize;

    internal bool FreezesBatchNorm =>
        BatchNorm == BatchNormStatistics.Frozen || (BatchNorm == BatchNormStatistics.Automatic && HasTrainedWeights);

    /// <summary>Whether the network begins with weights that were trained before.</summary>
    internal bool HasTrainedWeights => Network.WeightsPath is not null || StartFrom is not null;
}
