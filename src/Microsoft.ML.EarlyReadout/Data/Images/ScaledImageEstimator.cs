namespace Microsoft.ML.EarlyReadout;

/// <summary>Loads images at the scale at which they are needed. All but the pixels is a stock transform's.</summary>
internal sealed class ScaledImageEstimator : IEstimator<ITransformer>
{
    private readonly IEstimator<ITransformer> _stock;
    private readonly string _output;
    private readonly string _path;
    private readonly ScaledImages _images;

    /// <param name="stock">The stock transform that a saved model has instead.</param>
    /// <param name="output">The column of images.</param>
    /// <param name="folder">The folder that the paths start from; empty where they are whole.</param>
    /// <param name="path">The column of paths.</param>
    /// <param name="minWidth">The width that is needed.</param>
    /// <param name="minHeight">The height that is needed.</param>
    /// <exception cref="ArgumentException">A side is less than 1.</exception>
    public ScaledImageEstimator(
        IEstimator<ITransformer> stock, string output, string folder, string path, int minWidth, int minHeight)
    {
        var faults = new OptionFaults();
        faults.AtLeast(nameof(minWidth), minWidth, 1);
        faults.AtLeast(nameof(minHeight), minHeight, 1);
        faults.ThrowIfAny("LoadScaledImages");
        (_stock, _output, _path, _images) = (stock, output, path, new ScaledImages(folder, minWidth, minHeight));
    }

    public ITransformer Fit(IDataView input) => new ScaledImageTransformer(_stock.Fit(input), _output, _path, _images);

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _stock.GetOutputSchema(inputSchema);
}
