namespace Microsoft.ML.EarlyReadout;

/// <summary>Trains runs of a search from rung to rung, by the trainer's own loop, schedule and checkpoints.</summary>
/// <param name="start">The search.</param>
/// <param name="folder">The folder of its checkpoints.</param>
/// <param name="validation">The validation rows.</param>
/// <param name="train">Trains without making a model.</param>
/// <param name="warn">Receives what people should know of checkpoints.</param>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
internal sealed class RunTraining<TOptions>(
    SearchStart<TOptions> start, string folder, IDataView validation, Action<TOptions> train, Action<string> warn)
    where TOptions : TrainerOptions, new()
{
    /// <summary>Trains a run until it is finished or its token is cancelled.</summary>
    /// <param name="held">The run.</param>
    /// <param name="reached">Called at each rung, with what is known of the run; may cancel the token.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; there is a checkpoint of where it stands.</exception>
    /// <exception cref="RunDivergedException">It diverged.</exception>
    /// <exception cref="IOException">The checkpoint folder cannot be written.</exception>
    public void Train(ClaimedRun held, Action<int, RunOutcome> reached)
    {
        RunClaim claim = held.Claim;
        IReadOnlyList<int> steps = start.Plan.Rungs.Steps;
        int rung = claim.Reached;
        long judged = rung == 0 ? 0 : steps[rung - 1]; // up to here the figures stand, whoever trains it again
        AttemptFolder attempt = AttemptFolder.Create(folder, claim, warn);
        RunOutcome outcome = RunOutcome.Parse(claim.Outcome).UpTo(judged);
        if (attempt.Read() is { } before) outcome = outcome.GoingOnWith(before);
        try
        {
            ReportRungs(); // those that an attempt came to which could not say so
            held.Token.ThrowIfCancellationRequested();
            if (rung == steps.Count) return;
            TOptions options = start.OptionsOf(start.Plan.Trials[claim.Run.Trial].Settings);
            options.ValidationSet = validation;
            (options.OnCancellation, options.CheckpointsKept) = (CancellationBehavior.Throw, 1);
            options.Seed = checked((int)claim.Run.Seed);
            options.CheckpointDirectory = attempt.Path;
            options.CancellationToken = held.Token;
            options.OnValidation = figures =>
            {
                if (figures.Step > judged) outcome = outcome.With(figures);
                attempt.Write(outcome); // before the loop takes its checkpoint, which must not know more
                ReportRungs();
            };
            train(options);
            held.Token.ThrowIfCancellationRequested();
            if (rung < steps.Count)
                throw new InvalidOperationException(FormattableString.Invariant($"The training ended before its {steps[rung]} steps."));
        }
        catch (TrainingDivergedException divergence)
        {
            rung = steps.Count;
            throw new RunDivergedException(outcome with { Divergence = divergence.Message }, divergence);
        }
        finally
        {
            if (held.IsLost) attempt.Delete();
            else if (rung == steps.Count) AttemptFolder.DeleteRun(folder, claim.Run.Number);
        }

        void ReportRungs()
        {
            while (rung < steps.Count && !held.Token.IsCancellationRequested && outcome.FigureAt(steps[rung]) is not null)
                reached(++rung, outcome);
        }
    }
}
