namespace Microsoft.ML.EarlyReadout;

/// <summary>An image of a folder, and the group that it is in.</summary>
internal sealed class GroupedImageRow : ImageRow
{
    /// <summary>The group.</summary>
    public string Group { get; set; } = "";
}
