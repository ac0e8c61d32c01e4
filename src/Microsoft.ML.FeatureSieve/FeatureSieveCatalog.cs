using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.FeatureSieve;

namespace Microsoft.ML;

/// <summary>Puts the feature sieve among the multiclass trainers of an <see cref="MLContext"/>.</summary>
public static class FeatureSieveCatalog
{
    /// <summary>
    /// Creates a <see cref="FeatureSieveTrainer"/>, which trains a network while it forgets what an early readout can see.
    /// </summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="labelColumnName">The column of labels, a key.</param>
    /// <param name="featureColumnName">The column of features, <c>Vector&lt;Single&gt;</c> of known size or an image.</param>
    /// <param name="network">The kind of network.</param>
    /// <param name="readoutStage">The stage whose output the readout reads, from 1.</param>
    /// <param name="readoutDepth">Blocks of the readout before its linear classifier, at least 0; automatic where it is left out.</param>
    /// <param name="forgetEvery">Steps from one forgetting step to the next; 0: never, which is exactly plain training.</param>
    /// <param name="epochs">Passes over the training rows, at least 1; automatic where it is left out.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">Arguments are out of range; the message lists them all.</exception>
    public static FeatureSieveTrainer FeatureSieve(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        NetworkKind network = NetworkKind.Automatic,
        int readoutStage = 1,
        int? readoutDepth = null,
        int forgetEvery = 5,
        int? epochs = null) =>
        catalog.FeatureSieve(new FeatureSieveTrainer.Options
        {
            LabelColumnName = labelColumnName,
            FeatureColumnName = featureColumnName,
            Network = { Kind = network },
            Readout = { Stage = readoutStage, Depth = readoutDepth },
            ForgetEvery = forgetEvery,
            Epochs = epochs,
        });

    /// <summary>Creates a <see cref="FeatureSieveTrainer"/> with all its options.</summary>
    /// <param name="catalog">The trainers of the context.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The trainer.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static FeatureSieveTrainer FeatureSieve(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        FeatureSieveTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new FeatureSieveTrainer(CatalogEnvironment.Of(catalog), options);
    }

    /// <summary>Creates the <see cref="FeatureSieveTrainer"/> of a trial: sampled options over those that a search holds fixed.</summary>
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
    public static FeatureSieveTrainer FeatureSieve(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        FeatureSieveTrainer.Options options,
        FeatureSieveTrainer.Options sampled)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new FeatureSieveTrainer(CatalogEnvironment.Of(catalog), TrialOptions.Of(options, sampled));
    }

    /// <summary>Creates a search for the settings of a <see cref="FeatureSieveTrainer"/>, against plain training.</summary>
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
    public static TrainerSearch<FeatureSieveTrainer.Options> SearchFeatureSieve(
        this MulticlassClassificationCatalog catalog,
        string labelColumnName = "Label",
        string featureColumnName = "Features",
        string? groupColumnName = null,
        NetworkKind network = NetworkKind.Automatic,
        int? steps = null,
        int trials = 40,
        int seedsPerTrial = 2) =>
        catalog.SearchFeatureSieve(new SieveSearchOptions
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

    /// <summary>Creates a search for the settings of a <see cref="FeatureSieveTrainer"/> with all its options.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <returns>The search.</returns>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    public static TrainerSearch<FeatureSieveTrainer.Options> SearchFeatureSieve(
        this MulticlassClassificationCatalog catalog, SieveSearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new(CatalogEnvironment.Of(catalog), options, (environment, trial) => new FeatureSieveTrainer(environment, trial));
    }
}
