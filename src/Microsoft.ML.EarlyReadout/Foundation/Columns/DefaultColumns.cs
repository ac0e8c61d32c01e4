namespace Microsoft.ML.EarlyReadout;

/// <summary>The names that ML.NET's own classifiers give their output columns.</summary>
internal static class DefaultColumns
{
    public const string Score = "Score";
    public const string PredictedLabel = "PredictedLabel";
}
