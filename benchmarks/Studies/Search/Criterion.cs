using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>The validation figure by which a training keeps an epoch and a search chooses among settings.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Figure">The figure, by its name in records.</param>
/// <param name="Epoch">The same figure, for the trainer.</param>
/// <param name="Suffix">Ends the names of the methods chosen by it.</param>
internal sealed record Criterion(string Name, string Figure, SelectionMetric Epoch, string Suffix)
{
    /// <summary>Accuracy: all that can be had without group labels.</summary>
    public static readonly Criterion Accuracy = new("accuracy", StudyMetrics.Average, SelectionMetric.AverageAccuracy, "");

    /// <summary>
    /// Plain mean of the groups' accuracies, as in the released code: needs the spurious attribute of the validation rows.
    /// </summary>
    public static readonly Criterion Groups = new("groups", StudyMetrics.Unbiased, SelectionMetric.UnbiasedAccuracy, "-by-groups");

    /// <summary>The criteria that the command line asks for; accuracy alone where the study's rows have no group labels.</summary>
    public static IReadOnlyList<Criterion> Asked(StudyOptions options, SieveStudy study) =>
        study.HasGroups ? [.. new[] { Accuracy, Groups }.Where(c => options.Select == "both" || options.Select == c.Name)] : [Accuracy];
}
