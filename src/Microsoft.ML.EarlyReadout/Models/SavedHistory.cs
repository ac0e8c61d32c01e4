namespace Microsoft.ML.EarlyReadout;

/// <summary>A <see cref="TrainingHistory"/> as a saved model holds it.</summary>
/// <param name="Points">Its points.</param>
/// <param name="SelectedStep">The step of the point whose network was kept; <see langword="null"/> where nothing was trained.</param>
/// <param name="Settings">The trainer's options by name.</param>
/// <param name="Meters">What the training step reported.</param>
/// <param name="Selection">What the validation score is.</param>
/// <param name="Precision">The arithmetic that training used.</param>
internal sealed record SavedHistory(
    IReadOnlyList<TrainingPoint> Points, long? SelectedStep, IReadOnlyDictionary<string, string> Settings, IReadOnlyList<Meter> Meters,
    SelectionMetric Selection, Precision Precision)
{
    /// <summary>The validation with a last layer that was fitted anew; <see langword="null"/> where none was, or an earlier version saved
    /// the model.</summary>
    public TrainingPoint? Refitted { get; init; }

    public static SavedHistory Of(TrainingHistory history) =>
        new(history.Points, history.Selected?.Step, history.Settings, history.Meters, history.Selection, history.Precision)
        {
            Refitted = history.Refitted,
        };

    public TrainingHistory ToHistory()
    {
        var history = new TrainingHistory { Settings = Settings, Meters = Meters, Selection = Selection, Precision = Precision };
        foreach (TrainingPoint point in Points) history.Add(point);
        if (SelectedStep is { } step) history.Selected = history.At(step);
        history.Refitted = Refitted;
        return history;
    }
}
