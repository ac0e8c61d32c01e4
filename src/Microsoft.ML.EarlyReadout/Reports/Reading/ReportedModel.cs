using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A classifier in a report.</summary>
/// <param name="Name">What it is called in the report, such as <c>plain</c>.</param>
/// <param name="Model">The fitted classifier, or the fitted pipeline that it is part of.</param>
public sealed record ReportedModel(string Name, ITransformer Model)
{
    /// <summary>What each stage of its network tells about columns of the rows, to be shown too: see <c>ProfileStages</c> of
    /// <see cref="EarlyReadoutEvaluationCatalog"/>. <see langword="null"/>: it is not shown.</summary>
    public StageProfile? Stages { get; init; }

    /// <summary>Where a shortcut may mislead it, found in the report's rows by <c>FindShortcuts</c> of
    /// <see cref="EarlyReadoutEvaluationCatalog"/>, to be shown too. <see langword="null"/>: it is not shown.</summary>
    [Experimental(ExperimentalId.Shortcuts)]
    public ShortcutFindings? Shortcuts { get; init; }
}
