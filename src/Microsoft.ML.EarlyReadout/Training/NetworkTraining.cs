using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a method needs to make its step.</summary>
/// <param name="Network">The network, initialised, on its device.</param>
/// <param name="Device">The device.</param>
/// <param name="Seeds">The seeds of this training.</param>
/// <param name="Log">Takes messages for people.</param>
internal sealed record TrainingSetup(StagedNetwork Network, Device Device, SeedSequence Seeds, Action<string> Log);

/// <summary>From a view to a fitted transformer; the same for every trainer: read → hold out → build → train → export → check.</summary>
internal static class NetworkTraining
{
    private const int ParityRows = 64;

    public static EarlyReadoutTransformer Fit(
        IHostEnvironment environment, string trainer, TrainerOptions options, IDataView input, Func<TrainingSetup, ITrainingStep> createStep)
    {
        ArgumentNullException.ThrowIfNull(input);
        using IChannel channel = environment.Start(trainer);
        Action<string> log = message => channel.Info(MessageSensitivity.None, "{0}", message);

        NativeBackend.EnsureLoaded();
        log(NativeBackend.Description);
        TrainingDevice device = TrainingDevice.Choose(options.Device);
        log(device.Description);
        var seeds = SeedSequence.Of(options.Seed ?? CatalogEnvironment.SeedOf(environment) ?? 0);

        using var scope = NewDisposeScope(); // no native tensor outlives the fit
        using TrainingSet set = Read(input, null);
        using TrainingSet? validationSet = options.ValidationSet is null ? null : Read(options.ValidationSet, set);
        (TrainingRows training, TrainingRows? validation) = Split(set, validationSet, options, seeds);

        using StagedNetwork network = NetworkFactory.Create(options.Network, set.Shape, set.HoldsBytes, set.Classes, seeds.For("network").Seed, log);
        network.SetPrecision(options.Precision);
        network.SetChannelsLast(set.Shape.IsImage);
        network.to(device.Device);
        using (ITrainingStep step = createStep(new TrainingSetup(network, device.Device, seeds, log)))
            new TrainingLoop(network, step, training, validation, options, device.Device, seeds, log).Run();

        network.to(CPU);
        bool readsImages = input.Schema[options.FeatureColumnName].Type is ImageDataViewType;
        var columns = new ScoringColumns(options.FeatureColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName, set.Shape, readsImages);
        EarlyReadoutTransformer transformer = EarlyReadoutTransformer.Create(input.Schema, columns, (graph, features) => network.Export(graph, features));
        CheckParity(network, transformer, training);
        return transformer;

        TrainingSet Read(IDataView view, TrainingSet? like) => TrainingSet.Read(
            view,
            new TrainingColumns(options.FeatureColumnName, options.LabelColumnName, options.GroupColumnName),
            options.Network.Input,
            options.MemoryBudgetMebibytes * 1024L * 1024L,
            log,
            options.CancellationToken,
            like);
    }

    public static SchemaShape GetOutputSchema(TrainerOptions options, SchemaShape input) =>
        ScoringSchema.GetOutputSchema(input, options.FeatureColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName);

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
            (long[] training, long[] held) = Holdout.Split(set.Labels, options.ValidationFraction, seeds.For("holdout").Seed);
            return (new TrainingRows(set, training), new TrainingRows(set, held));
        }

        return (AllOf(set), validationSet is null ? null : AllOf(validationSet));
    }

    private static TrainingRows AllOf(TrainingSet set) => new(set, [.. Enumerable.Range(0, checked((int)set.Count)).Select(row => (long)row)]);

    private static void CheckParity(StagedNetwork network, EarlyReadoutTransformer transformer, TrainingRows training)
    {
        using var noGrad = no_grad();
        using Batch rows = training.Set.Gather(training.Rows.AsSpan(0, Math.Min(ParityRows, training.Rows.Length)), CPU);
        try
        {
            ParityCheck.Verify(network, Exported, rows.Features);
        }
        catch
        {
            transformer.Dispose();
            throw;
        }

        float[] Exported(Tensor batch)
        {
            float[] logits = new float[rows.Count * transformer.Classes];
            transformer.Session.Logits(batch.data<float>().ToArray(), rows.Count, logits);
            return logits;
        }
    }
}
