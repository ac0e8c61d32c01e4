using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>From a view to a fitted transformer; the same for every trainer: read → hold out → build → train → export → check.</summary>
internal static class NetworkTraining
{
    private const int ParityRows = 64;

    // "train" is given options of which none is automatic any more.
    public static EarlyReadoutTransformer Fit<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, IDataView input, Action<TrainingSession, TOptions> train,
        TrainingColumns? columns = null)
        where TOptions : TrainerOptions
    {
        ArgumentNullException.ThrowIfNull(input);
        using IChannel channel = environment.Start(trainer);
        Action<string> log = message => channel.Info(MessageSensitivity.None, "{0}", message);
        var budget = MemoryBudget.Of(options.MemoryBudgetMebibytes, CatalogEnvironment.TemporaryFolderOf(environment), log);
        try
        {
            return Fit(environment, trainer, options, input, train, columns, budget, log);
        }
        catch (OutOfMemoryException fault) when (fault is not TrainingOutOfMemoryException)
        {
            throw new TrainingOutOfMemoryException("The fit has run out of managed memory. " + budget.Advice, fault);
        }
    }

    private static EarlyReadoutTransformer Fit<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, IDataView input, Action<TrainingSession, TOptions> train,
        TrainingColumns? columns, MemoryBudget budget, Action<string> log)
        where TOptions : TrainerOptions
    {
        NativeBackend.EnsureLoaded();
        log(NativeBackend.Description);
        TrainingDevice device = TrainingDevice.Choose(options.Device);
        log(device.Description);
        long seed = options.Seed ?? CatalogEnvironment.SeedOf(environment) ?? 0;
        var seeds = SeedSequence.Of(seed);
        var cancellation = Cancellation.Of(environment, options.CancellationToken);

        using var scope = NewDisposeScope(); // no native tensor outlives the fit
        var labelled = new TrainingColumns(options.FeatureColumnName, options.LabelColumnName, options.GroupColumnName);
        using TrainingSet set = Read(input, columns ?? labelled, null);
        using TrainingSet? validationSet = options.ValidationSet is null ? null : Read(options.ValidationSet, labelled, set);
        (TrainingRows training, TrainingRows? validation) = Split(set, validationSet, options, seeds);
        foreach (string finding in validation is null ? [] : Coverage.Findings(training, validation)) log(finding);

        using StagedNetwork network = NetworkFactory.Create(options.Network, set.Shape, set.Pixels, set.Classes, seeds.For("network").Seed, log);
        if (options.Network.WeightsPath is not null && PretrainedInput.Check(network, training, seeds, log) is { } warning)
        {
            using IChannel channel = environment.Start(trainer);
            channel.Warning(MessageSensitivity.None, "{0}", warning);
        }

        options = AutomaticSettings.Settle(options, new TrainingFacts(network, options.Network.WeightsPath is not null, training.Rows.Length), log);
        network.SetPrecision(options.Precision);
        network.SetChannelsLast(set.Shape.IsImage);
        if (options.FreezesBatchNorm) network.SetBatchNormMode(BatchNormMode.Stored);
        network.to(device.Device);
        using TrainingCheckpoints? checkpoints = TrainingCheckpoints.Open(options, () => TrainingIdentity.Of(trainer, options, seed, network, set, validationSet), log);
        using var session = new TrainingSession(network, training, validation, options, device.Device, seeds, log)
        {
            Cancellation = cancellation,
            Checkpoints = checkpoints,
            Reader = view => Read(view, labelled, set),
        };
        checkpoints?.Restore(session.History);
        try
        {
            train(session, options);
        }
        catch (TrainingDivergedException divergence) when (divergence.LastGoodEpoch > 0)
        {
            divergence.LastGoodModel = Export();
            throw;
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            AllocationFailure failure = AllocationFailure.Of(fault)!;
            throw new TrainingOutOfMemoryException(
                device.Device.ToString(), options.BatchSize, failure.Requested, BatchMemory.Measure(network, training, failure.FreeOnDevice), fault);
        }

        checkpoints?.RequireTaken();
        if (options.OnCancellation == CancellationBehavior.ReturnBest) cancellation.Acknowledge(); // the model is whole: what is left is to hand it over
        return Export();

        EarlyReadoutTransformer Export()
        {
            cancellation.ThrowIfRequested();
            network.to(CPU);
            foreach (TappedReadout readout in session.Readouts) readout.Head.to(CPU);
            var images = input.Schema[options.FeatureColumnName].Type as ImageDataViewType;
            var scoring = new ScoringColumns(options.FeatureColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName, set.Shape, images is not null)
            {
                ResizesImages = images is { Height: 0 },
                Pixels = set.Pixels ?? PixelRange.Bytes,
                Readouts = [.. session.Readouts.Select(readout => new ReadoutColumns(readout.Name) { Stage = readout.Stage })],
            };
            EarlyReadoutTransformer transformer = EarlyReadoutTransformer.Create(
                input.Schema, scoring, session.Export, session.History, () => CatalogEnvironment.TemporaryFolderOf(environment));
            CheckParity(session, transformer);
            return transformer;
        }

        TrainingSet Read(IDataView view, TrainingColumns which, TrainingSet? like) => TrainingSet.Read(
            view,
            which,
            options.Network.Input,
            budget,
            log,
            cancellation,
            like);
    }

    public static SchemaShape GetOutputSchema(TrainerOptions options, SchemaShape input, IReadOnlyList<string>? readouts = null, TrainingColumns? columns = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        (columns ?? new TrainingColumns(options.FeatureColumnName, options.LabelColumnName, options.GroupColumnName)).Check(input);
        return ScoringSchema.GetOutputSchema(
            input, options.FeatureColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName,
            [.. (readouts ?? []).Select(name => new ReadoutColumns(name))]);
    }

    private static (TrainingRows Training, TrainingRows? Validation) Split(TrainingSet set, TrainingSet? validationSet, TrainerOptions options, SeedSequence seeds)
    {
        int present = set.Labels.Distinct().Count();
        if (present < 2)
        {
            throw new ArgumentException($"All {set.Count} rows with a label in column '{options.LabelColumnName}' are of one class, '{set.ClassNames[set.Labels[0]]}'; "
                + "a classifier needs rows of at least two.");
        }

        if (options.ValidationFraction > 0)
        {
            (long[] training, long[] held) = Holdout.Split(set.Groups ?? set.Labels, options.ValidationFraction, seeds.For("holdout").Seed);
            return (new TrainingRows(set, training), new TrainingRows(set, held));
        }

        return (TrainingRows.AllOf(set), validationSet is null ? null : TrainingRows.AllOf(validationSet));
    }

    private static void CheckParity(TrainingSession session, EarlyReadoutTransformer transformer)
    {
        using var noGrad = no_grad();
        TrainingRows training = session.Training;
        using Batch rows = training.Set.Gather(training.Rows.AsSpan(0, Math.Min(ParityRows, training.Rows.Length)), CPU);
        try
        {
            ParityCheck.Verify(session.Network, ExportedLogits, rows.Features);
            foreach ((int index, TappedReadout readout) in session.Readouts.Index())
                ParityCheck.Verify(readout, session.Network, batch => ExportedScores(batch, index + 1), rows.Features);
            session.Cancellation.ThrowIfRequested();
        }
        catch
        {
            transformer.Dispose();
            throw;
        }

        float[] ExportedLogits(Tensor batch)
        {
            float[] logits = new float[rows.Count * transformer.Classes];
            transformer.Session.Logits(batch.data<float>().ToArray(), rows.Count, logits);
            return logits;
        }

        float[] ExportedScores(Tensor batch, int head)
        {
            var scores = new float[]?[transformer.Session.Heads];
            scores[head] = new float[rows.Count * transformer.Classes];
            transformer.Session.Score(batch.data<float>().ToArray(), rows.Count, scores);
            return scores[head]!;
        }
    }
}
