using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One fit, step by step: read → hold out → build → settle → train → export → check.</summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
/// <param name="request">What is asked for.</param>
/// <param name="context">What it has around it.</param>
internal sealed class NetworkFit<TOptions>(FitRequest<TOptions> request, FitContext context)
    where TOptions : TrainerOptions
{
    private readonly long _seed = request.Options.Seed ?? CatalogEnvironment.SeedOf(request.Environment) ?? 0;
    private TOptions _options = request.Options; // without automatic ones once the network is built

    private SeedSequence Seeds => SeedSequence.Of(_seed);

    private DataViewSchema Input => request.Rows.View.Schema;

    /// <summary>Does all of it.</summary>
    /// <returns>The fitted transformer; <see langword="null"/> where no model is asked for.</returns>
    public EarlyReadoutTransformer? Run()
    {
        NativeBackend.EnsureLoaded();
        using GradientScope gradients = GradientScope.Begin();
        context.Log(NativeBackend.Description);
        Device device = ChooseDevice();
        // a GPU that is not there is told before training
        ModelHost host = request.MakesModel ? ModelHost.Of(request.Environment) : ModelHost.None;

        using var scope = NewDisposeScope(); // no native tensor outlives the fit
        // Groups are in the data; a column of their name that a method adds is something else.
        using TrainingSet set = Read(request.Rows.View, WarmStart.Columns(_options).In(request.Rows.Scored), null);
        using TrainingSet? validationSet = _options.ValidationSet is { } rows
            ? Read(rows, _options.ValidationColumns.In(rows.Schema), set) : null;
        (TrainingRows training, TrainingRows? validation) = HoldOut(set, validationSet);
        // Before training, because it may take seconds, and with very many classes fail for want of memory.
        StockHead head = StockHead.Of(request.Rows.View, Input[_options.LabelColumnName], context.Cancellation);

        using StagedNetwork network = Build(set);
        TakeWeights(network, training);
        Settle(network, training, device);
        // the rows are gone through for it, once, and only where somebody asks
        var identity = new Lazy<SortedDictionary<string, string>>(
            () => TrainingIdentity.Of(request.Trainer, _options, null, _seed, network, set, validationSet, context.Cancellation));
        using TrainingCheckpoints? checkpoints =
            TrainingCheckpoints.Open(_options, () => identity.Value, context.Log, context.Ranks.Group);
        Precision precision = ChoosePrecision(network, set.Shape, device, checkpoints);
        AgreeWithRanks(identity, precision, checkpoints?.Newest);
        using var session = new TrainingSession(
            request.Rows, network, training, validation, _options, device, Seeds, context.Log, context.Warn, context.Cancellation,
            (what, view) => Read(view, _options.ColumnsOf(what), set))
        {
            Checkpoints = checkpoints,
            Precision = precision,
            Ranks = context.Ranks.Group,
        };
        checkpoints?.Restore(session.History);
        Func<EarlyReadoutTransformer> export = () => Export(session, head, host);
        Train(session, export);
        return request.MakesModel ? Finish(checkpoints, export) : null;
    }

    private Device ChooseDevice()
    {
        TrainingDevice device = TrainingDevice.Choose(_options.Device, context.Ranks.LocalRank);
        context.Log(device.Description);
        NcclGroup.RequireGpu(context.Ranks.Group, device.Device);
        return device.Device;
    }

    private TrainingSet Read(IDataView view, TrainingColumns columns, TrainingSet? like) => TrainingSet.Read(
        view, columns, _options.Network.Input, context.Budget, context.Log, context.Warn, context.Cancellation, like);

    private (TrainingRows Training, TrainingRows? Validation) HoldOut(TrainingSet set, TrainingSet? validationSet)
    {
        (TrainingRows training, TrainingRows? validation) = Split(set, validationSet);
        foreach (string finding in validation is null ? [] : Coverage.Findings(training, validation)) context.Warn(finding);
        return (training, validation);
    }

    private (TrainingRows Training, TrainingRows? Validation) Split(TrainingSet set, TrainingSet? validationSet)
    {
        int present = set.Labels.Distinct().Count();
        if (present < 2)
        {
            throw new ArgumentException(
                $"All {set.Count} rows with a label in column '{_options.LabelColumnName}' are of one class, "
                    + $"'{set.ClassNames[set.Labels[0]]}'; "
                    + "a classifier needs rows of at least two.");
        }

        if (_options.ValidationFraction > 0)
        {
            (long[] training, long[] held) =
                Holdout.Split(set.Groups ?? set.Labels, _options.ValidationFraction, Seeds.For("holdout").Seed);
            return (new TrainingRows(set, training), new TrainingRows(set, held));
        }

        return (TrainingRows.AllOf(set), validationSet is null ? null : TrainingRows.AllOf(validationSet));
    }

    private StagedNetwork Build(TrainingSet set)
    {
        if (_options.Network.Custom is not null) NativeBackend.EnsureConvolves(); // its layers may convolve without ours
        return NetworkFactory.Create(
            _options.Network, set.Shape, set.Pixels, set.Classes, Seeds.For("network").Seed, context.Log,
            WarmStart.EncoderSizes(_options), WarmStart.Stem(_options));
    }

    /// <summary>Sees whether the rows are what weights from a file were trained on, and copies those of an earlier model.</summary>
    private void TakeWeights(StagedNetwork network, TrainingRows training)
    {
        if (NativeBackend.ConvolutionFinding is { } found) context.Log(found);
        bool isPretrained = _options.Network.WeightsPath is not null;
        if (isPretrained && PretrainedInput.Check(network, training, Seeds, context.Log) is { } mismatch) context.Warn(mismatch);
        if (_options.StartFrom is EarlyReadoutTransformer from) WarmStart.Apply(from, network, training.Set, _options, context.Log);
    }

    /// <summary>Leaves no option automatic, and brings the network to its device as they say.</summary>
    private void Settle(StagedNetwork network, TrainingRows training, Device device)
    {
        var facts = new TrainingFacts(network, _options.HasTrainedWeights, training.Indices.Length);
        _options = AutomaticSettings.Settle(_options, facts, context.Log);
        network.SetChannelsLast(training.Set.Shape.IsConvolved);
        network.SetMostlyZero(training.Set.Features.AreMostlyZero(_options.RowsAtOnce));
        if (_options.FreezesBatchNorm) network.SetBatchNormMode(BatchNormMode.Stored);
        network.to(device);
        network.Freeze(_options.Optimizer.FrozenStages);
    }

    private Precision ChoosePrecision(StagedNetwork network, FeatureShape shape, Device device, TrainingCheckpoints? checkpoints)
    {
        TrainingPrecision precision = TrainingPrecision.Choose(_options.Precision, shape.IsConvolved, device, checkpoints?.Precision);
        context.Log(precision.Description);
        if (precision.Warning is { } slow) context.Warn(slow);
        network.SetPrecision(precision.Precision);
        checkpoints?.Require(precision.Precision);
        return precision.Precision;
    }

    private void AgreeWithRanks(Lazy<SortedDictionary<string, string>> identity, Precision precision, string? checkpoint)
    {
        if (context.Ranks.Group.IsSingle) return;
        context.Ranks.Group.RequireSame(TrainingIdentity.OfRanks(identity.Value, precision, _options, checkpoint));
        context.Cancellation.AgreeBySteps();
    }

    private void Train(TrainingSession session, Func<EarlyReadoutTransformer> export)
    {
        try
        {
            session.Footprint = Footprint.Of(session.Network, session.Training);
            RequireLogits(session.Network, session.Footprint.Logits);
            context.Cancellation.ThrowIfRequested();
            request.Train(session, _options);
        }
        catch (OperationCanceledException) when (context.Cancellation.HasStopped)
        {
            context.Ranks.EndTogether();
            throw;
        }
        catch (Exception fault) when (DivergedBy(fault) is { } diverged)
        {
            if (fault is DivergenceException) context.Ranks.EndTogether(); // a loop's, which ends in the same step in all ranks
            (diverged.LastGoodModel, diverged.LastGoodEpoch) = LastGood(session, export);
            if (ReferenceEquals(fault, diverged)) throw;
            throw diverged;
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is { } failure)
        {
            KeptMemory.GiveBack();
            TrainingOutOfMemoryException error = OutOfMemory(session, fault, failure);
            (error.LastGoodModel, error.LastGoodEpoch) = LastGood(session, export);
            throw error;
        }
    }

    // With fewer the loss has no number for a class; with more all would be trained and not exported.
    private static void RequireLogits(StagedNetwork network, long[] logits)
    {
        if (logits is [1, var outputs] && outputs == network.ClassCount) return;
        throw new ArgumentException($"The network '{network.GetName()}' of Network.Custom puts out ({string.Join(", ", logits)}); "
            + $"expected (1, {network.ClassCount}), a logit for each class: give its last layer the classes that it is asked for.");
    }

    private static TrainingDivergedException? DivergedBy(Exception fault) => fault switch
    {
        TrainingDivergedException told => told,
        DivergenceException found => new TrainingDivergedException(found),
        _ => null,
    };

    private TrainingOutOfMemoryException OutOfMemory(TrainingSession session, Exception fault, AllocationFailure failure)
    {
        long perRow = session.Footprint.Training;
        BatchMemory? memory = perRow == 0 ? null : BatchMemory.Now(perRow, failure.FreeOnDevice);
        return fault is OutOfMemoryException
            ? TrainingOutOfMemoryException.OfManagedMemory(context.Budget, fault)
            : new(
                session.Device.ToString(), _options, context.Ranks.Group.Count, session.Network.Shape, failure.Requested, memory, fault);
    }

    private (EarlyReadoutTransformer? Model, double Epoch) LastGood(TrainingSession session, Func<EarlyReadoutTransformer> export)
    {
        if (!request.MakesModel || session.History.Selected is not { } kept) return (null, 0);
        context.Cancellation.Acknowledge(); // who cancels a training that has failed is told of the failure, with what was good before it
        try
        {
            return (export(), kept.Epoch);
        }
        catch (ModelExportException failure)
        {
            session.Warn(failure.Message);
            return (failure.Model, kept.Epoch);
        }
    }

    private EarlyReadoutTransformer Finish(TrainingCheckpoints? checkpoints, Func<EarlyReadoutTransformer> export)
    {
        checkpoints?.RequireResumed();
        // the model is whole: what is left is to hand it over
        if (_options.OnCancellation == CancellationBehavior.ReturnBest) context.Cancellation.Acknowledge();
        return export();
    }

    private EarlyReadoutTransformer Export(TrainingSession session, StockHead head, ModelHost host) => ModelExport.Run(
        session, Input, head, () => TrainingRecord.Of(request.Trainer, _seed, session), host);
}
