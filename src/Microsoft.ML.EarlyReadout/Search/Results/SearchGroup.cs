namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A group (label and attribute) of the rows of a search, or a class where the validation rows have no groups.</summary>
/// <param name="Name">Its name.</param>
/// <param name="TrainingRows">Its training rows; <see langword="null"/> where the training rows have no groups, and the validation rows
/// have.</param>
/// <param name="ValidationRows">Its validation rows.</param>
/// <param name="IsConflicting">Whether the shortcut misleads there: it has clearly fewer training rows (by more than two standard
/// deviations) than it would have if its label and its attribute were independent.</param>
/// <param name="PlainAccuracy">The accuracy of the best plain trial on its validation rows, the mean over fresh seeds where there are some;
/// <see langword="null"/> without rows.</param>
/// <param name="OtherAccuracy">That of the best other trial.</param>
public sealed record SearchGroup(
    string Name, long? TrainingRows, long ValidationRows, bool IsConflicting, double? PlainAccuracy, double? OtherAccuracy);
