namespace Microsoft.ML.EarlyReadout;

/// <summary>What a training loop runs over, and for how long.</summary>
/// <param name="Name">What is trained, for log, checkpoints and faults; <see cref="TrainingProper"/> for the training proper.</param>
/// <param name="Rows">The rows to train on.</param>
/// <param name="Batches">Cuts them.</param>
/// <param name="Steps">Steps in all; the last epoch may end in the middle.</param>
/// <param name="Seeds">Draw the order and the augmentation.</param>
internal sealed record TrainingPlan(string Name, TrainingRows Rows, BatchPlan Batches, long Steps, SeedSequence Seeds)
{
    /// <summary>The name of the training proper, whose network is the fit's; that of no other loop.</summary>
    public const string TrainingProper = "Training";

    /// <summary>Whether it runs within a step of another loop, which then answers for checkpoints and cancellation.</summary>
    public bool IsNested { get; init; }

    /// <summary>Whether this is the training proper.</summary>
    public bool IsMain => Name == TrainingProper;

    /// <summary>Whether there is a model to return once a step of it is done: of the training proper, or of one in its place.</summary>
    public bool MakesModel { get; init; }

    /// <summary>Draws the rows of an epoch in their order.</summary>
    public Func<TrainingRows, SeedSequence, long[]> Order { get; init; } = EpochOrder.Shuffled;

    /// <summary>The rows that select a network; <see langword="null"/>: the last step's weights stay.</summary>
    public TrainingRows? Validation { get; init; }

    /// <summary>Steps from one point to the next; <see langword="null"/>: a point is the end of an epoch.</summary>
    public int? PointEvery { get; init; }

    /// <summary>Points in a row without a better figure that end the training; <see langword="null"/>: none do.</summary>
    public int? Patience { get; init; }

    /// <summary>Receives each point's figures.</summary>
    public TrainingHistory History { get; init; } = new();

    /// <summary>Receives progress.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Epochs, one that ends in the middle included.</summary>
    public int Epochs => EpochOf(Steps);

    /// <summary>The epoch that a step, from 1, is part of, from 1.</summary>
    public int EpochOf(long step) => (int)((step - 1) / Batches.Count) + 1;

    /// <summary>The steps before an epoch.</summary>
    public long StepsBefore(int epoch) => Batches.StepsOf(epoch - 1);

    /// <summary>The steps in an epoch.</summary>
    public int StepsIn(int epoch) => (int)Math.Min(Batches.Count, Steps - StepsBefore(epoch));

    /// <summary>Passes over the rows that some steps make.</summary>
    public double EpochsIn(long steps) => (double)steps / Batches.Count;

    /// <summary>Whether the training tells its losses, validates and selects after so many steps.</summary>
    public bool IsPoint(long steps) => steps > 0 && (steps % (PointEvery ?? Batches.Count) == 0 || steps == Steps);

    /// <summary>What the user counts in, who has points at the ends of epochs or by steps.</summary>
    public string Unit => PointEvery is null ? "epoch" : "step";

    /// <summary>Some steps in the user's unit.</summary>
    public string InUnit(long steps) =>
        PointEvery is null ? FormattableString.Invariant($"{EpochsIn(steps):0.##}") : FormattableString.Invariant($"{steps}");

    /// <summary>Some steps in words, such as "epoch 3".</summary>
    public string Describe(long steps) => $"{Unit} {InUnit(steps)}";
}
