using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The checkpoints of one fit. A fit is a row of loops (such as an identification, then the training proper); a resumed one runs the same
/// way, except that loops before the checkpoint's are passed over and the checkpoint's own goes on where it was.
/// </summary>
internal sealed class TrainingCheckpoints : IDisposable
{
    private readonly CheckpointDirectory _directory;
    private readonly RankGroup _ranks;
    private readonly TrainerOptions _options;
    private readonly Action<string> _log;
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private readonly Dictionary<string, long[]> _computed;
    private readonly SortedDictionary<string, string> _identity;
    private CheckpointState? _pending;
    private string _folder = "";
    private int _stepsSinceLast;
    private string? _bestFile;
    private long _bestStep; // whose weights it holds

    private TrainingCheckpoints(
        TrainerOptions options, SortedDictionary<string, string> identity, Action<string> log, RankGroup ranks)
    {
        (_options, _identity, _log, _ranks) = (options, identity, log, ranks);
        string folder = options.CheckpointDirectory!;
        if (options.IsTrial) folder = Path.Combine(folder, TrainingIdentity.FolderName(identity, options.Precision));
        _directory = ranks.IsFirst
            ? CheckpointDirectory.Open(folder, options.CheckpointsKept)
            : CheckpointDirectory.Read(folder, options.CheckpointsKept);
        try
        {
            if (_directory.Newest is { } newest) (_folder, _pending) = (newest, CheckpointFiles.Read(newest));
        }
        catch (InvalidDataException fault)
        {
            _directory.Dispose();
            throw new InvalidDataException(
                $"{fault.Message} Delete this checkpoint to resume from the one before it. Delete the folder to start again.", fault);
        }
        catch
        {
            _directory.Dispose();
            throw;
        }

        _computed = _pending is null ? [] : new(_pending.Computed);
    }

    /// <summary>Opens the options' folder, or a trial's own in it, and looks for a checkpoint to go on from; <see langword="null"/> where
    /// the options name no folder.</summary>
    /// <param name="options">The settled options.</param>
    /// <param name="identity">Says what the training is, but for its arithmetic.</param>
    /// <param name="log">Takes messages for people.</param>
    /// <param name="ranks">The processes that train together: the first writes, the others read.</param>
    /// <exception cref="InvalidDataException">The newest checkpoint is damaged.</exception>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static TrainingCheckpoints? Open(
        TrainerOptions options, Func<SortedDictionary<string, string>> identity, Action<string> log, RankGroup? ranks = null) =>
        options.CheckpointDirectory is null ? null : new TrainingCheckpoints(options, identity(), log, ranks ?? RankGroup.Single);

    /// <summary>The checkpoint that is gone on with, in words.</summary>
    public string Newest => _pending is null
        ? "none"
        : FormattableString.Invariant($"'{Path.GetFileName(_folder)}' of {_pending.Loop}, step {_pending.Step}");

    /// <summary>Whether a checkpoint is due by the clock.</summary>
    public bool IsTime => _options.CheckpointEveryMinutes > 0 && _sinceLast.Elapsed.TotalMinutes >= _options.CheckpointEveryMinutes;

    /// <summary>The arithmetic of the training that is gone on with; <see langword="null"/> where a training begins.</summary>
    public Precision? Precision => _pending?.Identity.GetValueOrDefault(TrainingIdentity.Precision) switch
    {
        nameof(EarlyReadout.Precision.Float32) => EarlyReadout.Precision.Float32,
        nameof(EarlyReadout.Precision.BFloat16) => EarlyReadout.Precision.BFloat16,
        _ => null,
    };

    /// <summary>Says by which arithmetic the training goes on, and throws if the checkpoint is of another training.</summary>
    /// <exception cref="CheckpointMismatchException">It is.</exception>
    public void Require(Precision precision)
    {
        _identity[TrainingIdentity.Precision] = precision.ToString();
        if (_pending is not { } state) return;
        IReadOnlyList<string> differences = TrainingIdentity.Differences(state.Identity, _identity);
        if (differences.Count > 0) throw new CheckpointMismatchException(_folder, differences);
        _log(FormattableString.Invariant($"Going on from '{_folder}': {state.Loop}, {state.Step} steps done."));
    }

    /// <summary>Whether a step after which there is a model was done before this fit began.</summary>
    public bool HasModel => _pending?.HasModel == true;

    /// <summary>Goes on with what the steps before this fit reported.</summary>
    public void Restore(TrainingHistory history)
    {
        if (_pending is null) return;
        foreach (TrainingPoint point in _pending.History) history.Add(point);
        history.Selected = history.At(_pending.SelectedStep);
        history.Refitted = _pending.Refitted;
    }

    /// <summary>Whether a loop lies before the one that the checkpoint was taken in, so that it has been done.</summary>
    public bool HasFinished(string loop) => _pending is not null && _pending.Loop != loop;

    /// <summary>
    /// Gives up what a loop goes on from, if the checkpoint was taken in it; then writes the checkpoint's tensors into the loop's.
    /// </summary>
    public CheckpointState? Resume(ResumableLoop loop)
    {
        if (_pending is not { } state || state.Loop != loop.Name) return null;
        _pending = null;
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(_folder, CheckpointFiles.Network)))
            ModuleState.Load(file, ModuleState.Of(loop.Network));
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(_folder, CheckpointFiles.Training)))
            ModuleState.Load(file, loop.Others);
        if (state.BestFile is { } bestFile)
        {
            using SafetensorsFile file = SafetensorsFile.Open(_directory.PathOf(bestFile));
            loop.Best.Load(state.BestStep, state.BestScore, file);
            (_bestFile, _bestStep) = (bestFile, state.BestStep);
        }

        loop.Meters.Load(state.Meters);
        _sinceLast.Restart();
        return state;
    }

    /// <summary>What was worked out from a network that is gone: from the checkpoint where it holds it, else worked out now.</summary>
    public long[] GetOrCompute(string name, Func<long[]> workOut)
    {
        if (!_computed.TryGetValue(name, out long[]? known)) known = _computed[name] = workOut();
        return known;
    }

    /// <summary>
    /// Throws if rows that are read beside the training rows, which the identity does not know, are not those that were read before the
    /// checkpoint.
    /// </summary>
    /// <param name="what">What they are, for messages.</param>
    /// <param name="fingerprint">What tells them from other rows.</param>
    /// <exception cref="CheckpointMismatchException">They are not.</exception>
    public void RequireSame(string what, long fingerprint)
    {
        if (GetOrCompute($"fingerprint of {what}", () => [fingerprint])[0] != fingerprint)
            throw new CheckpointMismatchException(_folder, [$"{what} differ"]);
    }

    /// <summary>Counts a step.</summary>
    /// <param name="isTime">Whether one is due by the clock.</param>
    /// <returns>Whether a checkpoint is due.</returns>
    public bool IsDueAfterStep(bool isTime) => ++_stepsSinceLast == _options.CheckpointEverySteps || isTime;

    /// <summary>Drops the last loop's best network.</summary>
    public void BeginLoop() => (_bestFile, _bestStep) = (null, 0);

    /// <summary>Takes a checkpoint, or lets the first rank do it. The weights of the best network are written once, beside the
    /// checkpoints.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="steps">Its steps that are done.</param>
    /// <param name="point">Those up to its last point.</param>
    /// <param name="hasBegunEpoch">Whether an epoch has begun that has not ended.</param>
    /// <param name="hasModel">Whether there is a model to return.</param>
    /// <param name="history">What the training proper reported.</param>
    /// <param name="warn">Receives why the folder keeps what is no longer needed.</param>
    public void Save(
        ResumableLoop loop, long steps, long point, bool hasBegunEpoch, bool hasModel, TrainingHistory history, Action<string> warn)
    {
        IReadOnlyDictionary<string, MeterSum> sums = loop.Meters.Sums();
        _stepsSinceLast = 0;
        _sinceLast.Restart();
        if (!_ranks.IsFirst) return;
        BestNetwork best = loop.Best;
        if (best.Step != _bestStep) (_bestFile, _bestStep) = (_directory.WriteBest(loop.Name, best.Step, best.State!), best.Step);
        var state = new CheckpointState
        {
            Identity = _identity,
            Loop = loop.Name,
            Step = steps,
            Point = point,
            HasBegunEpoch = hasBegunEpoch,
            HasModel = hasModel,
            Meters = sums,
            BestStep = best.Step,
            BestScore = best.Score,
            BestFile = _bestFile,
            History = history.Points,
            SelectedStep = history.Selected?.Step ?? 0,
            Refitted = history.Refitted,
            Computed = _computed,
        };
        _directory.Add(state, ModuleState.Of(loop.Network), loop.Others, warn);
        _sinceLast.Restart();
    }

    /// <summary>Throws if the checkpoint is of a loop that this fit has not run.</summary>
    /// <exception cref="InvalidDataException">It is.</exception>
    public void RequireResumed()
    {
        if (_pending is not { } state) return;
        throw new InvalidDataException(
            $"'{_folder}' was saved in the training part '{Excerpt.Of(state.Loop)}', which this training does not have. "
                + "Delete the folder to start again.");
    }

    public void Dispose() => _directory.Dispose();
}
