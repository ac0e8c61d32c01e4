namespace Microsoft.ML.EarlyReadout;

/// <summary>A trial that is to be trained.</summary>
/// <param name="Number">Its number; 0 is plain training as the trainer's options have it.</param>
/// <param name="IsPlain">Whether it is plain training.</param>
/// <param name="Settings">What it sets.</param>
/// <param name="MainRate">Its main rate as gradient descent counts it.</param>
internal sealed record PlannedTrial(int Number, bool IsPlain, IReadOnlyDictionary<string, string> Settings, double MainRate)
{
    /// <summary>Whether it was not drawn, but asked for.</summary>
    public bool IsKnown { get; init; }
}
