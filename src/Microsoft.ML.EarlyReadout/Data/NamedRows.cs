namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows that a fit reads beside the training rows.</summary>
/// <param name="Name">What messages call them, such as "the rows of Objective.DeepFeatureReweighting.ReweightingSet".</param>
/// <param name="View">The rows.</param>
/// <param name="GroupNeed">Why they must have groups, as for <see cref="TrainingColumns.GroupNeed"/>.</param>
internal sealed record NamedRows(string Name, IDataView View, string GroupNeed);
