using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What follows from a search's options and data before anything is trained; the same for every process that shares it.</summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
internal sealed record SearchStart<TOptions>
    where TOptions : TrainerOptions, new()
{
    /// <summary>The trainer's name.</summary>
    public required string Name { get; init; }

    /// <summary>The trainer's options as every run has them: with steps, precision and validation, without settings and seed.</summary>
    public required TOptions Trainer { get; init; }

    /// <summary>The number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>What is to be trained.</summary>
    public required SearchPlan Plan { get; init; }

    /// <summary>All that the figures depend on.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>The groups of the rows, or their classes.</summary>
    public required IReadOnlyList<RowGroup> Groups { get; init; }

    /// <summary>Whether the groups of training and validation rows are known, so that conflicting rows can be counted.</summary>
    public required bool AreGroupsKnown { get; init; }

    /// <summary>What the rows show that people should know.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Those of them of which the trainer has warned already, as it looked at the rows.</summary>
    public required IReadOnlyList<string> FindingsWarnedOf { get; init; }

    /// <summary>Whether runs are trained on a GPU.</summary>
    public required bool IsOnGpu { get; init; }

    /// <summary>Packs the rows, builds the network once to see what it has, and draws the trials.</summary>
    public static SearchStart<TOptions> Of(
        SearchOptions<TOptions> options, Func<IHostEnvironment, TOptions, NetworkTrainer<TOptions>> make, IHostEnvironment environment,
        SearchRows rows)
    {
        SearchStart<TOptions>? start = null;
        TOptions looked = options.Untrained();
        int seed = options.Seed ?? CatalogEnvironment.SeedOf(environment) ?? 0;
        (looked.ValidationSet, looked.Seed, looked.CancellationToken) = (rows.Validation, seed, options.CancellationToken);
        NetworkTrainer<TOptions> trainer = make(environment, looked);
        trainer.Inspect(rows.Training, (session, settled) => start = Of(options, trainer.Name, seed, session, settled));
        return start!;
    }

    /// <summary>The options of a trial.</summary>
    public TOptions OptionsOf(IReadOnlyDictionary<string, string> settings) => TrialSettings.Apply(Trainer, settings);

    private static SearchStart<TOptions> Of(
        SearchOptions<TOptions> options, string name, int seed, TrainingSession session, TOptions settled)
    {
        ITrialSpace space = options.Varied!;
        TOptions trainer = options.Fixed();
        trainer.Steps = checked((int)settled.StepsOver(session.Training.Indices.Length));
        trainer.Epochs = null;
        trainer.Precision = session.Precision; // what is chosen by its speed must not change from run to run
        var rungs = RungPlan.Of(options.Halving, trainer.Steps.Value, trainer.ValidateEverySteps);
        trainer.ValidateEverySteps = rungs.ValidateEvery;

        SeedSequence seeds = SeedSequence.Of(seed).For("search");
        int[] runSeeds = SearchPlan.DrawSeeds(seeds.For("runs"), options.SeedsPerTrial + options.ConfirmationSeeds);
        var network = SearchedNetwork.Of(session, settled);
        var plan = new SearchPlan
        {
            PlainName = space.PlainName,
            Trials = SearchPlan.Draw(space, network, options.Trials, seeds.For("trials"), options.KnownSettings),
            Multiples = [.. space.Axes(network).Where(axis => axis.IsMultiple).Select(axis => axis.Option)],
            Rungs = rungs,
            Factor = options.Halving?.Factor ?? 1,
            Seeds = runSeeds[..options.SeedsPerTrial],
            ConfirmationSeeds = runSeeds[options.SeedsPerTrial..],
        };
        TrainingSet training = session.Training.Set, validation = session.Validation!.Set;
        IReadOnlyDictionary<string, string> identity = SearchIdentity.Of(
            TrainingIdentity.Of(name, settled, session.Precision, seed, session.Network, training, validation, session.Cancellation),
            plan, space);
        IReadOnlyList<RowGroup> groups = RowGroups.Of(training, validation);
        bool areGroupsKnown = training.Groups is not null && validation.Groups is not null;
        string[] told = [.. Coverage.Findings(session.Training, session.Validation)];
        return new SearchStart<TOptions>
        {
            Name = name,
            Trainer = trainer,
            Classes = session.Network.ClassCount,
            Plan = plan,
            Identity = identity,
            Groups = groups,
            AreGroupsKnown = areGroupsKnown,
            Findings = [.. told, .. SearchWarnings.OfRows(groups, areGroupsKnown, SearchIdentity.HasSameRows(identity))],
            FindingsWarnedOf = told,
            IsOnGpu = session.Device.type == DeviceType.CUDA,
        };
    }
}
