using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>Puts early readouts and debiased distillation among the transforms and trainers of an <see cref="MLContext"/>.</summary>
public static class EarlyReadoutCatalog
{
    /// <summary>
    /// Creates an <see cref="EarlyReadoutEstimator"/>, which trains a network plainly, with a linear readout on each of some stages.
    /// </summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="stages">The stages to read, from 1; stage 1 where it is left out.</param>
    /// <param name="epochs">Passes over the training rows, at least 1; automatic where it is left out.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static EarlyReadoutEstimator EarlyReadout(
        this TransformsCatalog catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        NetworkKind network = NetworkKind.Automatic,
        int[]? stages = null,
        int? epochs = null) =>
        catalog.EarlyReadout(OptionsOf(labelColumnName, featureColumnName, network, stages, epochs));

    /// <summary>Creates an <see cref="EarlyReadoutEstimator"/> with all its options.</summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static EarlyReadoutEstimator EarlyReadout(this TransformsCatalog catalog, EarlyReadoutEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new EarlyReadoutEstimator(CatalogEnvironment.Of(catalog), options);
    }

    /// <summary>Creates the <see cref="EarlyReadoutEstimator"/> of a trial: sampled options over those that a search holds fixed.</summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="options">The fixed options; copied.</param>
    /// <param name="sampled">The sampled options; copied.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    /// <remarks>
    /// <para>Of the sampled options those count that are annotated for a search (by <c>Range</c> and <c>Choice</c> of
    /// Microsoft.ML.SearchSpace, nested ones included) and are not <see langword="null"/>. All else is the fixed options', with what JSON
    /// cannot hold: validation rows, token, progress, a network of your own.</para>
    /// <para>Where the fixed options give <see cref="TrainerOptions.CheckpointDirectory"/>, each training has a sub-folder of it, named
    /// after its settings, seed, data and the versions of the software: trials never meet, and a search that was stopped finds each
    /// trial where it was, or its model at once. Delete the folder when the search is done.</para>
    /// </remarks>
    public static EarlyReadoutEstimator EarlyReadout(
        this TransformsCatalog catalog,
        EarlyReadoutEstimator.Options options,
        EarlyReadoutEstimator.Options sampled)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new EarlyReadoutEstimator(CatalogEnvironment.Of(catalog), TrialOptions.Of(options, sampled));
    }

    /// <summary>Creates an <see cref="EarlyReadoutEstimator"/> among the multiclass trainers: plain training, with a linear readout on each
    /// of some stages.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="stages">The stages to read, from 1; stage 1 where it is left out.</param>
    /// <param name="epochs">Passes over the training rows, at least 1; automatic where it is left out.</param>
    /// <returns>The estimator, as from <see cref="EarlyReadout(TransformsCatalog, string, string, NetworkKind, int[], int?)"/>.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static EarlyReadoutEstimator EarlyReadout(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        NetworkKind network = NetworkKind.Automatic,
        int[]? stages = null,
        int? epochs = null) =>
        catalog.EarlyReadout(OptionsOf(labelColumnName, featureColumnName, network, stages, epochs));

    /// <summary>Creates an <see cref="EarlyReadoutEstimator"/> among the multiclass trainers, with all its options.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The estimator, as from <see cref="EarlyReadout(TransformsCatalog, EarlyReadoutEstimator.Options)"/>.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static EarlyReadoutEstimator EarlyReadout(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog, EarlyReadoutEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new EarlyReadoutEstimator(CatalogEnvironment.Of(catalog), options);
    }

    /// <summary>Creates the <see cref="EarlyReadoutEstimator"/> of a trial among the multiclass trainers: sampled options over those that a
    /// search holds fixed.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="options">The fixed options; copied.</param>
    /// <param name="sampled">The sampled options; copied.</param>
    /// <returns>The estimator, as from
    /// <see cref="EarlyReadout(TransformsCatalog, EarlyReadoutEstimator.Options, EarlyReadoutEstimator.Options)"/>.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    /// <inheritdoc
    /// cref="EarlyReadout(TransformsCatalog, EarlyReadoutEstimator.Options, EarlyReadoutEstimator.Options)" path="/remarks"/>
    public static EarlyReadoutEstimator EarlyReadout(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        EarlyReadoutEstimator.Options options,
        EarlyReadoutEstimator.Options sampled)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new EarlyReadoutEstimator(CatalogEnvironment.Of(catalog), TrialOptions.Of(options, sampled));
    }

    /// <summary>
    /// Creates a <see cref="DebiasedDistillationTrainer"/>, whose student learns most from the rows that an early readout gets confidently
    /// wrong.
    /// </summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="teacherScoreColumnName">The column of the teacher's scores, one number for each class of the label.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="alpha">α of the weight exp(β·cm^α), at least 0.</param>
    /// <param name="beta">β of the weight, from 0 to 80; automatic where it is left out.</param>
    /// <param name="epochs">Passes over the training rows, at least 1; automatic where it is left out.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static DebiasedDistillationTrainer DebiasedDistillation(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        string teacherScoreColumnName = "TeacherScore",
        NetworkKind network = NetworkKind.Automatic,
        double alpha = 0.05,
        double? beta = null,
        int? epochs = null) =>
        catalog.DebiasedDistillation(new DebiasedDistillationTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            Teacher = { ScoreColumnName = teacherScoreColumnName },
            Network = { Kind = network },
            Alpha = alpha,
            Beta = beta,
            Epochs = epochs,
        });

    /// <summary>Creates a <see cref="DebiasedDistillationTrainer"/> with all its options.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static DebiasedDistillationTrainer DebiasedDistillation(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        DebiasedDistillationTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new DebiasedDistillationTrainer(CatalogEnvironment.Of(catalog), options);
    }

    /// <summary>Creates the <see cref="DebiasedDistillationTrainer"/> of a trial: sampled options over those that a search holds
    /// fixed.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="options">The fixed options; copied.</param>
    /// <param name="sampled">The sampled options; copied.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    /// <remarks>
    /// <para>Of the sampled options those count that are annotated for a search (by <c>Range</c> and <c>Choice</c> of
    /// Microsoft.ML.SearchSpace, nested ones included) and are not <see langword="null"/>. All else is the fixed options', with what JSON
    /// cannot hold: validation rows, token, progress, a network of your own.</para>
    /// <para>A sampled <see cref="ReadoutOptions.Stage"/> that the network does not have is brought back once the fit knows the network:
    /// after the last stage comes the first again, so that of two stages the third is stage 1.</para>
    /// <para>Where the fixed options give <see cref="TrainerOptions.CheckpointDirectory"/>, each training has a sub-folder of it, named
    /// after its settings, seed, data and the versions of the software: trials never meet, and a search that was stopped finds each
    /// trial where it was, or its model at once. Delete the folder when the search is done.</para>
    /// </remarks>
    public static DebiasedDistillationTrainer DebiasedDistillation(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        DebiasedDistillationTrainer.Options options,
        DebiasedDistillationTrainer.Options sampled)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new DebiasedDistillationTrainer(CatalogEnvironment.Of(catalog), TrialOptions.Of(options, sampled));
    }

    /// <summary>
    /// Turns the errors of a readout into example weights, <c>w = exp(β·cm^α)</c> where it is wrong, else 1: any ML.NET trainer with an
    /// example-weight column can then be debiased by it.
    /// </summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="outputColumnName">The column of weights, Single.</param>
    /// <param name="readoutName">The readout, whose columns an <see cref="EarlyReadoutTransformer"/> has added; its
    /// <see cref="EarlyReadoutTransformer.ReadoutNames"/> lists them.</param>
    /// <param name="labelColumnName">The column of labels: the key that the readout was trained on, with values of any type.</param>
    /// <param name="alpha">α: how little the margin matters; at least 0.</param>
    /// <param name="beta">β: how much a wrong readout counts, from 0 to 80. No weight is above e to the β. The 4 that was released for
    /// debiased distillation weighs wrong rows up to 55 times, too much for most tables.</param>
    /// <returns>The estimator, made of stock transforms. Fit and apply it to training rows: it reads the label, which rows to score do not
    /// have.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static IEstimator<ITransformer> ReadoutWeight(
        this TransformsCatalog catalog,
        string outputColumnName = "Weight",
        string readoutName = "Readout1",
        string labelColumnName = "Label",
        double alpha = 0.05,
        double beta = 1)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return ReadoutWeightPipeline.Create(catalog, new ReadoutColumns(readoutName), outputColumnName, labelColumnName, alpha, beta);
    }

    private static EarlyReadoutEstimator.Options OptionsOf(string label, string feature, NetworkKind network, int[]? stages, int? epochs) =>
        new()
        {
            LabelColumnName = label,
            FeatureColumnName = feature,
            Network = { Kind = network },
            Taps = [.. (stages ?? [1]).Select(stage => new EarlyReadoutEstimator.Tap { Stage = stage })],
            Epochs = epochs,
        };
}
