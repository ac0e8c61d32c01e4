using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How deep feature reweighting fits the head anew.</summary>
public sealed class DeepFeatureReweightingOptions
{
    /// <summary>The rows with groups to which the head is fitted anew, with the training view's columns and the group column.</summary>
    /// <value>The default value is <see langword="null"/>: the training rows. Must be <see langword="null"/> where <see
    /// cref="ObjectiveOptions.Kind"/> is another objective.</value>
    [JsonIgnore]
    public IDataView? ReweightingSet { get; set; }

    /// <summary>Subsets with equally many rows of each group, to each of which a head is fitted; the mean of those heads is kept.</summary>
    /// <value>The default value is 20, the release's on rows of their own; on training rows it has 10. At least 1.</value>
    public int Subsets { get; set; } = 20;

    /// <summary>
    /// The strengths that are tried, as C of scikit-learn: how much a row's loss counts against the L1 penalty. The one whose head has the
    /// best worst group on rows that it was not fitted to is kept, the first of equals. Those rows are half of
    /// <see cref="ReweightingSet"/>; where the head is fitted to training rows, the validation rows, or half of the training rows where
    /// there are none.
    /// </summary>
    /// <value>The default value is 1, 0.7, 0.3, 0.1, 0.07, 0.03 and 0.01, the release's. At least one, each greater than 0; one alone is
    /// taken as it is.</value>
    public double[] Strengths { get; set; } = [1, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01];

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.AtLeast($"{name}.{nameof(Subsets)}", Subsets, 1);
        string strengths = $"{name}.{nameof(Strengths)}";
        if (!faults.Given(strengths, Strengths)) return;
        if (Strengths.Length == 0) faults.Add($"{strengths} is empty; give at least one number.");
        foreach (double strength in Strengths) faults.GreaterThan(strengths, strength, 0);
    }
}
