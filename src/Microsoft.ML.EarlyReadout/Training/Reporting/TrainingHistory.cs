namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What a training reported, point by point, for curves. Complete once <c>Fit</c> has returned, and saved with the model.
/// </summary>
/// <threadsafety>Reading is thread-safe.</threadsafety>
public sealed class TrainingHistory
{
    private readonly List<TrainingPoint> _points = [];

    internal TrainingHistory() { }

    /// <summary>
    /// The points in order: the end of each epoch, or every <see cref="TrainerOptions.ValidateEverySteps"/> steps, and the last step. Where
    /// a fit was stopped between two points and its network is the one as the last step left it, that step is the last point: without a
    /// validation score.
    /// </summary>
    public IReadOnlyList<TrainingPoint> Points => _points;

    /// <summary>
    /// The point whose network was kept, one of <see cref="Points"/>; <see langword="null"/> where nothing was trained. Where the last
    /// layer was then fitted anew, <see cref="Refitted"/> has the figures of the network that is exported.
    /// </summary>
    public TrainingPoint? Selected { get; internal set; }

    /// <summary>
    /// The validation of the kept network with the last layer that was fitted anew after training, as deep and automatic feature
    /// reweighting do: step and epoch of <see cref="Selected"/>, no losses. It has no validation figures where the points have none, and
    /// where the fit was cancelled meanwhile. <see langword="null"/> where the layer is the one that was trained.
    /// </summary>
    public TrainingPoint? Refitted { get; internal set; }

    /// <summary>
    /// The trainer's options by name, nested ones with dots, such as <c>Optimizer.LearningRate</c>; values as JSON. Those that were left
    /// automatic have the value that was chosen for them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; internal init; } = new Dictionary<string, string>();

    /// <summary>What the training step reports at each point, as it declares it; empty where nothing was trained.</summary>
    public IReadOnlyList<Meter> Meters { get; internal set; } = [];

    /// <summary>What <see cref="TrainingPoint.ValidationScore"/> is.</summary>
    public SelectionMetric Selection { get; internal init; }

    /// <summary>The arithmetic that training used; never <see cref="Precision.Automatic"/>.</summary>
    public Precision Precision { get; internal set; }

    /// <summary>The point at a step; <see langword="null"/> where there is none.</summary>
    internal TrainingPoint? At(long step) => _points.Find(point => point.Step == step);

    internal void Add(TrainingPoint point) => _points.Add(point);
}
