namespace Microsoft.ML.EarlyReadout;

/// <summary>A loss or a gradient is no longer a finite number: what a loop knows of it. Users see a
/// <c>TrainingDivergedException</c>, which has the last good model besides.</summary>
/// <param name="loop">What was trained; <see langword="null"/>: the network itself, in the training proper.</param>
/// <param name="epoch">The epoch, from 1.</param>
/// <param name="step">The step of that epoch, from 1.</param>
/// <param name="losses">Every loss of that step, by name, and the norm of its gradients.</param>
/// <param name="learningRate">The main network's learning rate in that step.</param>
internal sealed class DivergenceException(
    string? loop, int epoch, int step, IReadOnlyDictionary<string, double> losses, double learningRate)
    : Exception(
        FormattableString.Invariant($"Training diverged in step {step} of epoch {epoch}{(loop is null ? "" : $" of '{loop}'")}, ")
            + FormattableString.Invariant($"where the network's learning rate is {learningRate:G4}: {Text(losses)}. ")
            + "Try a smaller learning rate or smaller rates of the method, such as ReadoutLearningRate for readouts. For the network a "
            + "warm-up (Schedule.WarmUpSteps) or gradient clipping (Optimizer.ClipNorm) may do, too.")
{
    public int Epoch => epoch;

    public int Step => step;

    public IReadOnlyDictionary<string, double> Losses => losses;

    public double LearningRate => learningRate;

    private static string Text(IReadOnlyDictionary<string, double> losses) =>
        string.Join(", ", losses.Select(loss => FormattableString.Invariant($"{loss.Key} {loss.Value:G4}")));
}
