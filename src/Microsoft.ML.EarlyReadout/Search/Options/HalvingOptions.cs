namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// Successive halving (Karnin, Koren and Somekh, 2013; Jamieson and Talwalkar, 2016): all trials are trained a little, the best part of
/// them further, and so on. Plain training is never stopped early.
/// </summary>
/// <remarks>Every run has the schedule of its full number of steps: what is stopped early is the run as it would have gone on.</remarks>
public sealed class HalvingOptions
{
    /// <summary>Of so many trials one goes on, rounded up; it is trained so many times as long.</summary>
    /// <value>The default value is 3. At least 2.</value>
    public int Factor { get; set; } = 3;

    /// <summary>The steps after which trials are compared first; the next comparisons are <see cref="Factor"/> times as far each.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: all steps divided by <see cref="Factor"/> twice, so that there are two comparisons
    /// before the end. At least 1. Rounded up to a multiple of <see cref="TrainerOptions.ValidateEverySteps"/>, where that is given.
    /// </value>
    public int? FirstSteps { get; set; }

    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.AtLeast($"{name}.{nameof(Factor)}", Factor, 2);
        faults.AtLeast($"{name}.{nameof(FirstSteps)}", FirstSteps, 1);
    }
}
