using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>From a view to a fitted transformer; the same for every trainer: read → hold out → build → train → export → check.</summary>
internal static class NetworkTraining
{
    // "train" is given options of which none is automatic any more.
    public static EarlyReadoutTransformer Fit<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train)
        where TOptions : TrainerOptions =>
        Run(environment, trainer, options, rows, train, makesModel: true)!;

    /// <summary>As <see cref="Fit"/>, for what training reports alone: no model is made of the network.</summary>
    public static void Train<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train)
        where TOptions : TrainerOptions =>
        Run(environment, trainer, options, rows, train, makesModel: false);

    private static EarlyReadoutTransformer? Run<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train,
        bool makesModel)
        where TOptions : TrainerOptions
    {
        CheckNames(options, rows.View.Schema, rows.Scored);
        using var kept = KeptMemory.Begin();
        using IChannel channel = environment.Start(trainer);
        var cancellation = Cancellation.Of(environment, options.CancellationToken);
        using var ranks = ProcessRanks.Take(options.IsTrial || !makesModel ? Distribution.Off : options.Distribution, cancellation);
        Action<string> log = message => channel.Info(MessageSensitivity.None, "{0}", message);
        if (!ranks.Group.IsSingle)
        {
            log($"Rank {ranks.Group.Rank} of {ranks.Group.Count}: all train this network together.");
            if (!ranks.Group.IsFirst) log = _ => { }; // the first tells for all
        }

        Action<string> warn = message => channel.Warning(MessageSensitivity.None, "{0}", message);
        var budget = MemoryBudget.Of(options.MemoryBudgetMebibytes, CatalogEnvironment.TemporaryFolderOf(environment), log);
        try
        {
            EarlyReadoutTransformer? model = Run(
                environment, trainer, options, rows, train, makesModel, budget, log, warn, ranks, cancellation);
            ranks.EndTogether();
            return model;
        }
        // What fails on the threads by which ML.NET reads ahead comes wrapped.
        catch (Exception fault) when (
            fault is not (TrainingOutOfMemoryException or ModelExportException) && fault.GetBaseException() is OutOfMemoryException)
        {
            throw OutOfManagedMemory(budget, fault);
        }
        // Before training, which tells of its own failures.
        catch (Exception fault) when (
            fault is not (TrainingOutOfMemoryException or ModelExportException)
            && AllocationFailure.Of(fault) is { Requested: var bytes })
        {
            throw new TrainingOutOfMemoryException(
                $"There is no room for the network on the device '{options.Device}'"
                    + (bytes is null ? "." : FormattableString.Invariant($": {bytes >> 20} MiB more could not be allocated."))
                    + " Choose a smaller network or another Device, or end other programs that hold its memory.", fault);
        }
    }

    private static EarlyReadoutTransformer? Run<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train,
        bool makesModel,
        MemoryBudget budget, Action<string> log, Action<string> warn, ProcessRanks ranks, Cancellation cancellation)
        where TOptions : TrainerOptions
    {
        IDataView input = rows.View;
        NativeBackend.EnsureLoaded();
        using GradientScope gradients = GradientScope.Begin();
        log(NativeBackend.Description);
        TrainingDevice device = TrainingDevice.Choose(options.Device, ranks.LocalRank);
        log(device.Description);
        NcclGroup.RequireGpu(ranks.Group, device.Device);
        ModelHost host = makesModel ? ModelHost.Of(environment) : ModelHost.None; // a GPU that is not there is told before training
        long seed = options.Seed ?? CatalogEnvironment.SeedOf(environment) ?? 0;
        var seeds = SeedSequence.Of(seed);

        using var scope = NewDisposeScope(); // no native tensor outlives the fit
        using TrainingSet set = Read(input, WarmStart.Columns(options), null);
        TrainingColumns validated = options.ValidationColumns;
        using TrainingSet? validationSet = options.ValidationSet is null ? null : Read(options.ValidationSet, validated, set);
        (TrainingRows training, TrainingRows? validation) = Split(set, validationSet, options, seeds);
        foreach (string finding in validation is null ? [] : Coverage.Findings(training, validation)) warn(finding);
        // Before training, because it may take seconds, and with very many classes fail for want of memory.
        DataViewSchema.Column label = input.Schema[options.LabelColumnName];
        StockHead head = StockHead.Of(input, label, cancellation);

        if (options.Network.Custom is not null) NativeBackend.EnsureConvolves(); // its layers may convolve without ours
        using StagedNetwork network = NetworkFactory.Create(
            options.Network, set.Shape, set.Pixels, set.Classes, seeds.For("network").Seed, log,
            WarmStart.EncoderSizes(options), WarmStart.Stem(options));
        if (NativeBackend.ConvolutionFinding is { } found) log(found);
        if (options.Network.WeightsPath is not null && PretrainedInput.Check(network, training, seeds, log) is { } mismatch) warn(mismatch);
        if (options.StartFrom is { } from) WarmStart.Apply(from, network, set, options, log);
        options = AutomaticSettings.Settle(
            options, new TrainingFacts(network, options.HasTrainedWeights, training.Indices.Length), log);
        network.SetChannelsLast(set.Shape.IsConvolved);
        network.SetMostlyZero(set.Features.AreMostlyZero(options.RowsAtOnce));
        if (options.FreezesBatchNorm) network.SetBatchNormMode(BatchNormMode.Stored);
        network.to(device.Device);
        network.Freeze(options.Optimizer.FrozenStages);
        // the rows are gone through for it, once, and only where somebody asks
        var identity = new Lazy<SortedDictionary<string, string>>(
            () => TrainingIdentity.Of(trainer, options, null, seed, network, set, validationSet, cancellation));
        using TrainingCheckpoints? checkpoints = TrainingCheckpoints.Open(options, () => identity.Value, log, ranks.Group);
        TrainingPrecision precision = TrainingPrecision.Choose(
            options.Precision, set.Shape.IsConvolved, device.Device, checkpoints?.Precision);
        log(precision.Description);
        if (precision.Warning is { } slow) warn(slow);
        network.SetPrecision(precision.Precision);
        checkpoints?.Require(precision.Precision);
        if (!ranks.Group.IsSingle)
        {
            ranks.Group.RequireSame(TrainingIdentity.OfRanks(identity.Value, precision.Precision, options, checkpoints?.Newest));
            cancellation.AgreeBySteps();
        }

        using var session = new TrainingSession(
            rows, network, training, validation, options, device.Device, seeds, log, warn, cancellation,
            view => Read(view, validated, set))
        {
            Checkpoints = checkpoints,
            Precision = precision.Precision,
            Ranks = ranks.Group,
        };
        checkpoints?.Restore(session.History);
        try
        {
            session.Footprint = Footprint.Of(network, training);
            cancellation.ThrowIfRequested();
            train(session, options);
        }
        catch (OperationCanceledException) when (cancellation.HasStopped)
        {
            ranks.EndTogether();
            throw;
        }
        catch (DivergenceException divergence)
        {
            ranks.EndTogether();
            throw Diverged(new TrainingDivergedException(divergence));
        }
        catch (TrainingDivergedException divergence)
        {
            Diverged(divergence);
            throw;
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is { } failure)
        {
            KeptMemory.GiveBack();
            long perRow = session.Footprint.Training;
            BatchMemory? memory = perRow == 0 ? null : BatchMemory.Now(perRow, failure.FreeOnDevice);
            TrainingOutOfMemoryException error = fault is OutOfMemoryException
                ? OutOfManagedMemory(budget, fault)
                : new(device.Device.ToString(), options, ranks.Group.Count, failure.Requested, memory, fault);
            (error.LastGoodModel, error.LastGoodEpoch) = LastGood();
            throw error;
        }

        if (!makesModel) return null;
        checkpoints?.RequireResumed();
        // the model is whole: what is left is to hand it over
        if (options.OnCancellation == CancellationBehavior.ReturnBest) cancellation.Acknowledge();
        return Export();

        EarlyReadoutTransformer Export() => ModelExport.Run(
            session, input.Schema, head, () => TrainingRecord.Of(trainer, seed, session), host);

        TrainingDivergedException Diverged(TrainingDivergedException divergence)
        {
            (divergence.LastGoodModel, divergence.LastGoodEpoch) = LastGood();
            return divergence;
        }

        (EarlyReadoutTransformer? Model, double Epoch) LastGood()
        {
            if (!makesModel || session.History.Selected is not { } kept) return (null, 0);
            try
            {
                return (Export(), kept.Epoch);
            }
            catch (ModelExportException failure)
            {
                session.Warn(failure.Message);
                return (failure.Model, kept.Epoch);
            }
        }

        TrainingSet Read(IDataView view, TrainingColumns which, TrainingSet? like) => TrainingSet.Read(
            view,
            which,
            options.Network.Input,
            budget,
            log,
            warn,
            cancellation,
            like);
    }

    private static TrainingOutOfMemoryException OutOfManagedMemory(MemoryBudget budget, Exception fault) =>
        new("The fit has run out of managed memory. " + budget.Advice, fault);

    // Of the rows that will be scored: columns that a method adds for training are not among them.
    private static void CheckNames(TrainerOptions options, DataViewSchema input, DataViewSchema scored)
    {
        FeatureFormat format = FeatureFormat.In(input, options.ExampleColumnName);
        IEnumerable<string> rows = scored.Where(column => !column.IsHidden).Select(column => column.Name);
        TransientColumns.Check(rows, options.ExampleColumnName, format, [.. options.ColumnsWritten.Select(output => output.Column!)]);
    }

    public static SchemaShape GetOutputSchema(TrainerOptions options, SchemaShape input)
    {
        ArgumentNullException.ThrowIfNull(input);
        options.GivenColumns.Check(input);
        return ScoringSchema.GetOutputSchema(
            input, options.ExampleColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName,
            [.. options.ReadoutNames.Select(name => new ReadoutColumns(name))]);
    }

    private static (TrainingRows Training, TrainingRows? Validation) Split(
        TrainingSet set, TrainingSet? validationSet, TrainerOptions options, SeedSequence seeds)
    {
        int present = set.Labels.Distinct().Count();
        if (present < 2)
        {
            throw new ArgumentException(
                $"All {set.Count} rows with a label in column '{options.LabelColumnName}' are of one class, "
                    + $"'{set.ClassNames[set.Labels[0]]}'; "
                    + "a classifier needs rows of at least two.");
        }

        if (options.ValidationFraction > 0)
        {
            (long[] training, long[] held) = Holdout.Split(set.Groups ?? set.Labels, options.ValidationFraction, seeds.For("holdout").Seed);
            return (new TrainingRows(set, training), new TrainingRows(set, held));
        }

        return (TrainingRows.AllOf(set), validationSet is null ? null : TrainingRows.AllOf(validationSet));
    }
}
