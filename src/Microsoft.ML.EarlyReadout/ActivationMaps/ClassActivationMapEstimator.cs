namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Adds the class activation map of each row, <c>max(0, Σ_k w_ck·A_k)</c>: A_k is channel k of the last feature maps, w_ck the weight of
/// class c's logit on its mean.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.ClassActivationMap(...)</c>.</para>
/// <para>For a network that ends in global average pooling and a linear layer this is Grad-CAM on its last feature maps, up to a positive
/// factor, without a gradient: an output of the model's ONNX graph. SqueezeNet's classes are convolved before they are pooled, so there the
/// map is the class's own channel. Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016; Selvaraju et al.,
/// "Grad-CAM", ICCV 2017.</para>
/// </remarks>
/// <threadsafety>Thread-safe as long as the model is not disposed.</threadsafety>
public sealed class ClassActivationMapEstimator : IEstimator<ITransformer>
{
    private readonly ClassActivationMapTransformer _transformer;
    private readonly string _output;

    internal ClassActivationMapEstimator(string output, EarlyReadoutTransformer model, string? className)
    {
        ArgumentException.ThrowIfNullOrEmpty(output);
        ArgumentNullException.ThrowIfNull(model);
        if (!model.HasActivationMaps)
            throw new ArgumentException(
                "The model has no class activation maps: its network does not end in global average pooling and at most one linear layer, "
                    + "as ConvNet, ResNet and SqueezeNet do.",
                nameof(model));
        var faults = new OptionFaults();
        faults.NoHiddenColumns(model.Columns.Named, [new("outputColumnName", output)]);
        faults.ThrowIfAny("ClassActivationMap");
        int? c = className is null ? null : IndexOf(className, model.ClassNames);
        _output = output;
        _transformer = new ClassActivationMapTransformer(output, model, c);
    }

    /// <summary>Gives the transformer; nothing is learned.</summary>
    /// <param name="input">Rows with the model's feature column.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or has another type than in the training
    /// data.</exception>
    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _transformer.GetOutputSchema(input.Schema);
        return _transformer;
    }

    /// <summary>The input's columns and the maps.</summary>
    /// <param name="inputSchema">The shape of the rows' schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or has another type than in the training
    /// data.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _transformer.Check(inputSchema);
        var ml = new MLContext();
        SchemaShape map = ml.Transforms.CopyColumns(_output, nameof(Map.Values))
            .GetOutputSchema(MappedColumns.AddTo<Map>(ml.Transforms, new SchemaShape([])));
        return new SchemaShape([.. inputSchema.Where(column => column.Name != _output), map.Single(column => column.Name == _output)]);
    }

    private static int IndexOf(string name, IReadOnlyList<string> names)
    {
        int index = names.ToList().IndexOf(name);
        return index >= 0 ? index : throw new ArgumentException(
            $"The model has no class '{name}'; it has {string.Join(", ", names.Select(each => $"'{each}'"))}.", nameof(name));
    }

    private sealed class Map
    {
        [Data.VectorType(1)]
        public float[] Values { get; set; } = [];
    }
}
