namespace Microsoft.ML.EarlyReadout;

/// <summary>A classifier in a report.</summary>
/// <param name="Name">What it is called in the report, such as <c>plain</c>.</param>
/// <param name="Model">The fitted classifier, or the fitted pipeline that it is part of.</param>
public sealed record ReportedModel(string Name, ITransformer Model);
