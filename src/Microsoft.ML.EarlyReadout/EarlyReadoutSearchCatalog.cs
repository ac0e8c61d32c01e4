using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>Puts the searches for settings among the multiclass methods of an <see cref="MLContext"/>.</summary>
public static class EarlyReadoutSearchCatalog
{
    /// <summary>Creates a search for the settings of a <see cref="DebiasedDistillationTrainer"/>, against plain distillation.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="teacherScoreColumnName">The column of the teacher's scores, one number for each class of the label.</param>
    /// <param name="groupColumnName">The column with the spurious attribute, if it is known.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="steps">Steps of a run, at least 1; automatic where it is left out.</param>
    /// <param name="trials">How many settings are drawn, at least 1.</param>
    /// <param name="seedsPerTrial">The seeds of each, at least 1.</param>
    /// <returns>The search.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static TrainerSearch<DebiasedDistillationTrainer.Options> SearchDebiasedDistillation(
        this MulticlassClassificationCatalog catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        string teacherScoreColumnName = "TeacherScore",
        string? groupColumnName = null,
        NetworkKind network = NetworkKind.Automatic,
        int? steps = null,
        int trials = 40,
        int seedsPerTrial = 2) =>
        catalog.SearchDebiasedDistillation(new DistillationSearchOptions
        {
            Trainer =
            {
                LabelColumnName = labelColumnName,
                FeatureColumnName = featureColumnName,
                Teacher = { ScoreColumnName = teacherScoreColumnName },
                Network = { Kind = network },
                Steps = steps,
            },
            GroupColumnName = groupColumnName,
            Trials = trials,
            SeedsPerTrial = seedsPerTrial,
        });

    /// <summary>Creates a search for the settings of a <see cref="DebiasedDistillationTrainer"/> with all its options.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The search.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static TrainerSearch<DebiasedDistillationTrainer.Options> SearchDebiasedDistillation(
        this MulticlassClassificationCatalog catalog, DistillationSearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(CatalogEnvironment.Of(catalog), options, (environment, trial) => new DebiasedDistillationTrainer(environment, trial));
    }

    /// <summary>Creates a search for the rates of plain training, against the trainer's own.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="groupColumnName">The column with the spurious attribute, if it is known.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="steps">Steps of a run, at least 1; automatic where it is left out.</param>
    /// <param name="trials">How many settings are drawn, at least 1.</param>
    /// <param name="seedsPerTrial">The seeds of each, at least 1.</param>
    /// <returns>The search.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static TrainerSearch<EarlyReadoutEstimator.Options> SearchEarlyReadout(
        this MulticlassClassificationCatalog catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        string? groupColumnName = null,
        NetworkKind network = NetworkKind.Automatic,
        int? steps = null,
        int trials = 40,
        int seedsPerTrial = 2) =>
        catalog.SearchEarlyReadout(new PlainSearchOptions
        {
            Trainer =
            {
                LabelColumnName = labelColumnName,
                FeatureColumnName = featureColumnName,
                Network = { Kind = network },
                Steps = steps,
            },
            GroupColumnName = groupColumnName,
            Trials = trials,
            SeedsPerTrial = seedsPerTrial,
        });

    /// <summary>Creates a search for the rates of plain training with all its options.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The search.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static TrainerSearch<EarlyReadoutEstimator.Options> SearchEarlyReadout(
        this MulticlassClassificationCatalog catalog, PlainSearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(CatalogEnvironment.Of(catalog), options, (environment, trial) => new EarlyReadoutEstimator(environment, trial));
    }
}
