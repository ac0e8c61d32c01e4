using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// The options of a search: what is trained, which settings are tried, on how many seeds, and who works on it. All are validated when the
/// search is made, the trainer's too, and all faults are reported in one exception.
/// </summary>
/// <typeparam name="TOptions">The options of the trainer whose settings are searched.</typeparam>
public abstract class SearchOptions<TOptions>
    where TOptions : TrainerOptions, new()
{
    /// <summary>
    /// What is not searched: columns, network, steps, batch size and whatever else the space does not vary. Validation rows, seed,
    /// checkpoint folder, patience and callbacks are the search's own, and are left unset here.
    /// </summary>
    /// <value>The default value has the trainer's defaults.</value>
    public TOptions Trainer { get; set; } = new();

    /// <summary>How many settings are drawn from the space. Plain training, trial 0, is tried besides, and then what is known.</summary>
    /// <value>The default value is 40. At least 1.</value>
    public int Trials { get; set; } = 40;

    /// <summary>
    /// Settings that are tried besides those that are drawn: such as were good elsewhere, or the best of another search (<see
    /// cref="SearchResult{TOptions}.OptionsOf"/>). Of each those options count that the space varies, whether or not their values lie
    /// in it; one that is <see langword="null"/> stays the trainer's.
    /// </summary>
    /// <value>The default value is empty.</value>
    public IReadOnlyList<TOptions> KnownSettings { get; set; } = [];

    /// <summary>The seeds that each trial is trained from, the same for all; it is judged by the mean of its figures.</summary>
    /// <value>The default value is 2. At least 1.</value>
    public int SeedsPerTrial { get; set; } = 2;

    /// <summary>
    /// Fresh seeds on which plain training and the best other trial are trained again, with all steps. The best of many figures is high
    /// by luck too; only figures that did not choose it say what the gain is.
    /// </summary>
    /// <value>The default value is 5. At least 2, since one figure has no spread; or 0: the gain is that of the seeds which chose, and too
    /// high.</value>
    public int ConfirmationSeeds { get; set; } = 5;

    /// <summary>The figure on the validation rows by which trials are compared, and networks kept.</summary>
    /// <value>The default value is <see langword="null"/>: the trainer's, where that is not its default; else <see
    /// cref="SelectionMetric.UnbiasedAccuracy"/> where groups are named, and <see cref="SelectionMetric.AverageAccuracy"/> where none
    /// are.</value>
    public SelectionMetric? Selection { get; set; }

    /// <summary>The column with the spurious attribute; see <see cref="TrainerOptions.GroupColumnName"/>.</summary>
    /// <value>The default value is <see langword="null"/>: the trainer's.</value>
    public string? GroupColumnName { get; set; }

    /// <summary>When trials are compared, and how many go on.</summary>
    /// <value>The default value compares twice and lets a third go on. <see langword="null"/>: every trial is trained in full.</value>
    public HalvingOptions? Halving { get; set; } = new();

    /// <summary>Where the runs are kept. Processes and machines that share a store, and a <see cref="Name"/>, share the work.</summary>
    /// <value>The default value is <see langword="null"/>: the memory of this process, for as long as the search object lives.</value>
    [JsonIgnore]
    public ITrialStore? Store { get; set; }

    /// <summary>The search's name in the store and in the checkpoint folder.</summary>
    /// <value>The default value is <c>search</c>. Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, a letter or digit first.</value>
    public string Name { get; set; } = "search";

    /// <summary>
    /// Runs that this process trains at a time. On a CPU each has one thread of libtorch, so that its figures are the same however many
    /// there are; the process's number of threads is put back when the search returns, or the last of several that run at once.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: one for each processor; on a GPU one. At least 1.</value>
    public int? Workers { get; set; }

    /// <summary>The seed of the draw of settings and of the seeds that runs are trained from.</summary>
    /// <value>The default value is <see langword="null"/>: that of the <see cref="MLContext"/>, or 0 where it has none.</value>
    public int? Seed { get; set; }

    /// <summary>
    /// A folder for the checkpoints of runs that wait or were interrupted. Processes that share a search may share it, so that one goes
    /// on with what another began; otherwise each begins anew what it takes over, with the same figures. Each search has a folder of its
    /// own in it, named by <see cref="Name"/> and what its figures depend on. What it no longer needs of that is removed; without a
    /// <see cref="Store"/> all of it, when the search returns or is cancelled. What an exception has ended, of a full disk or of <see
    /// cref="Progress"/>, keeps it for the next call of the same search object with the same rows.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: a temporary folder, as without a <see cref="Store"/>.</value>
    public string? CheckpointDirectory { get; set; }

    /// <summary>How long a process that no longer answers keeps a run from the others.</summary>
    /// <value>The default value is one minute. From one second to 30 days.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Receives where the search stands, at the end of each run and rung: one report at a time, and never one of less than was
    /// reported. An exception of it, or of a handler of <see cref="MLContext.Log"/>, stops the search and comes out as it is; runs under
    /// way are paused and handed back, so that the same call goes on later; without a <see cref="Store"/>, that of the same search
    /// object.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    [JsonIgnore]
    public IProgress<SearchProgress>? Progress { get; set; }

    /// <summary>
    /// Stops the search: runs are paused with a checkpoint and handed back, so that with a <see cref="Store"/> the same call goes on later.
    /// So does the cancellation of the <see cref="MLContext"/>.
    /// </summary>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; set; }

    /// <summary>What is varied.</summary>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal abstract ITrialSpace? Varied { get; }

    /// <summary>Adds what of the trainer's options does not go with a search of it.</summary>
    /// <param name="faults">Takes the faults.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected internal virtual void AddMethodFaults(OptionFaults faults) { }

    /// <summary>A copy, so that later changes change nothing.</summary>
    internal SearchOptions<TOptions> Copy()
    {
        var copy = (SearchOptions<TOptions>)MemberwiseClone();
        copy.Trainer = Trainer.Copy();
        copy.KnownSettings = [.. KnownSettings.Select(known => known.Copy())];
        copy.Halving = Halving is null ? null : new HalvingOptions { Factor = Halving.Factor, FirstSteps = Halving.FirstSteps };
        return copy;
    }

    /// <summary>The trainer's options as its runs have them, but for settings and seed.</summary>
    internal TOptions Fixed()
    {
        TOptions trainer = Trainer.Copy();
        trainer.GroupColumnName = GroupColumnName ?? trainer.GroupColumnName;
        trainer.Selection = Selection ?? TrainersSelection
            ?? (trainer.GroupColumnName is null ? SelectionMetric.AverageAccuracy : SelectionMetric.UnbiasedAccuracy);
        return trainer;
    }

    /// <summary>As <see cref="Fixed"/>, for what is only looked at.</summary>
    internal TOptions Untrained()
    {
        TOptions trainer = Fixed();
        trainer.IsTrial = true; // its readout's stage is not one to train
        trainer.CheckpointEverySteps = Math.Min(0, trainer.CheckpointEverySteps); // its runs are given a folder
        return trainer;
    }

    // Its default is nobody's choice.
    private SelectionMetric? TrainersSelection => Trainer.Selection == new TOptions().Selection ? null : Trainer.Selection;

    /// <exception cref="ArgumentException">There is a fault; the message lists them all.</exception>
    internal void Validate()
    {
        var faults = new OptionFaults();
        faults.AtLeast(nameof(Trials), Trials, 1);
        faults.AtLeast(nameof(SeedsPerTrial), SeedsPerTrial, 1);
        if (ConfirmationSeeds is < 0 or 1)
            faults.Add(FormattableString.Invariant($"{nameof(ConfirmationSeeds)} is {ConfirmationSeeds}; it must be 0 or at least 2."));
        if (Selection is { } metric) faults.Defined(nameof(Selection), metric);
        if (Selection == SelectionMetric.LastEpoch)
            faults.Add($"{nameof(Selection)} is {Selection}, which is no figure to compare trials by.");
        faults.NullOrNotEmpty(nameof(GroupColumnName), GroupColumnName);
        Halving?.AddFaults(faults, nameof(Halving));
        if (!IsName(Name))
            faults.Add($"{nameof(Name)} is '{Name}'; it must be letters, digits, '-', '_' and '.', a letter or digit first.");
        faults.AtLeast(nameof(Workers), Workers, 1);
        if (CheckpointDirectory is not null && string.IsNullOrWhiteSpace(CheckpointDirectory))
            faults.Add($"{nameof(CheckpointDirectory)} is empty; it must name a folder, or be null.");
        if (Lease < TimeSpan.FromSeconds(1) || Lease > TimeSpan.FromDays(30))
            faults.Add($"{nameof(Lease)} is {Lease}; it must be from one second to 30 days.");
        if (faults.Given("Space", Varied)) Varied.AddFaults(faults);
        if (faults.Given(nameof(Trainer), Trainer)) AddTrainerFaults(faults);
        if (faults.Given(nameof(KnownSettings), KnownSettings)) AddKnownFaults(faults);
        faults.ThrowIfAny(GetType().Name);
    }

    private void AddTrainerFaults(OptionFaults faults)
    {
        OwnOnly(nameof(Trainer.ValidationSet), Trainer.ValidationSet is not null, "give the rows to Run");
        OwnOnly(nameof(Trainer.ValidationFraction), Trainer.ValidationFraction > 0, "give the rows to Run");
        OwnOnly(nameof(Trainer.Seed), Trainer.Seed is not null, "set the search's Seed");
        OwnOnly(nameof(Trainer.CheckpointDirectory), Trainer.CheckpointDirectory is not null, "set the search's CheckpointDirectory");
        OwnOnly(nameof(Trainer.CancellationToken), Trainer.CancellationToken.CanBeCanceled, "set the search's CancellationToken");
        OwnOnly(nameof(Trainer.Patience), Trainer.Patience is not null, "Halving stops what is not worth going on with");
        OwnOnly(nameof(Trainer.OnValidation), Trainer.OnValidation is not null, "the result has the curves");
        OwnOnly(nameof(Trainer.Progress), Trainer.Progress is not null, "set the search's Progress");
        if (GroupColumnName is { } group && Trainer.GroupColumnName is { } other && group != other)
            faults.Add($"{nameof(GroupColumnName)} is '{group}' and Trainer.{nameof(GroupColumnName)} is '{other}'; give one.");
        if (Selection is { } metric && TrainersSelection is { } trainers && metric != trainers)
            faults.Add($"{nameof(Selection)} is {metric} and Trainer.{nameof(Selection)} is {trainers}; give one.");
        if (Selection is null && TrainersSelection == SelectionMetric.LastEpoch)
            faults.Add($"Trainer.{nameof(Selection)} is {TrainersSelection}, which is no figure to compare trials by.");
        var own = new OptionFaults();
        TOptions trainer = Untrained();
        (trainer.ValidationFraction, trainer.ValidationSet, trainer.Patience, trainer.OnValidation) = (0, null, null, null); // told already
        trainer.AddFaults(own);
        faults.AddOf(nameof(Trainer), own);
        AddMethodFaults(faults);

        void OwnOnly(string name, bool given, string instead)
        {
            if (given) faults.Add($"Trainer.{name} is given, and is the search's own; {instead}.");
        }
    }

    private void AddKnownFaults(OptionFaults faults)
    {
        foreach ((int i, TOptions known) in KnownSettings.Index())
        {
            string name = FormattableString.Invariant($"{nameof(KnownSettings)}[{i}]");
            if (!faults.Given(name, known)) continue;
            var own = new OptionFaults();
            TOptions settings = known.Copy();
            settings.CheckpointEverySteps = Math.Min(0, settings.CheckpointEverySteps); // the trainer's counts, in the search's folder
            settings.AddFaults(own);
            faults.AddOf(name, own);
        }
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= 100 } && char.IsAsciiLetterOrDigit(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
