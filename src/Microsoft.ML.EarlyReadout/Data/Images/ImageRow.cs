namespace Microsoft.ML.EarlyReadout;

/// <summary>An image of a folder.</summary>
internal class ImageRow
{
    /// <summary>The whole path of its file.</summary>
    public string Path { get; set; } = "";

    /// <summary>The name of the folder that it lies in, below the root.</summary>
    public string Label { get; set; } = "";
}
