using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>
/// Stands where a trainer stands in a pipeline, but draws its network from a seed: flatten, linear, ReLU, linear. Scoring, saving and
/// loading can be tested without training.
/// </summary>
internal sealed class RandomClassifier : IEstimator<EarlyReadoutTransformer>
{
    private const int Hidden = 8;

    /// <summary>The column of features.</summary>
    public string Feature { get; init; } = "Features";

    /// <summary>The column of labels.</summary>
    public string Label { get; init; } = "Label";

    /// <summary>The output column of class probabilities.</summary>
    public string Score { get; init; } = "Score";

    /// <summary>The output column of the predicted class.</summary>
    public string PredictedLabel { get; init; } = "PredictedLabel";

    /// <summary>The shape of an example, where the column's type does not tell it.</summary>
    public FeatureShape? Shape { get; init; }

    /// <summary>Draws the weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Multiplies the logits.</summary>
    public float Scale { get; init; } = 1;

    public EarlyReadoutTransformer Fit(IDataView input) => Over(input.Schema);

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        ScoringSchema.GetOutputSchema(inputSchema, Feature, Label, Score, PredictedLabel, []);

    /// <summary>The transformer over data of a schema.</summary>
    public EarlyReadoutTransformer Over(DataViewSchema schema)
    {
        DataViewType type = schema[Feature].Type;
        FeatureShape shape = Shape ?? type switch
        {
            ImageDataViewType image => FeatureShape.Image(3, image.Height, image.Width),
            VectorDataViewType { Dimensions.Length: 3 } vector =>
                FeatureShape.Image(vector.Dimensions[0], vector.Dimensions[1], vector.Dimensions[2]),
            _ => FeatureShape.Vector(((VectorDataViewType)type).Size),
        };
        int classes = (int)((KeyDataViewType)schema[Label].Type).Count;
        var columns = new ScoringColumns(Feature, Label, Score, PredictedLabel, shape)
        {
            Format = FeatureFormat.Of(type)!,
            ResizesImages = type is ImageDataViewType { Height: 0 },
        };
        return EarlyReadoutTransformer.Create(
            schema, StockHead.Fit(schema[Label]), columns,
            (graph, x) => new GraphValues(new ExportedNetwork(Network(graph, x, shape.Size, classes), null, 0, []), []));
    }

    private string Network(OnnxGraph graph, string x, int inputs, int classes)
    {
        var random = new Random(Seed);
        float reach = 1 / MathF.Sqrt(inputs);
        string flat = graph.Node("Flatten", [x], ("axis", 1)); // (N, D)
        // (N, 8)
        string hidden = graph.Node("MatMul", [flat, graph.Constant("weight", Centred(Draw(inputs * Hidden, reach)), inputs, Hidden)]);
        string active = graph.Node("Relu", [graph.Node("Add", [hidden, graph.Constant("bias", Draw(Hidden, 1), Hidden)])]);
        string logits = graph.Node("MatMul", [active, graph.Constant("weight", Draw(Hidden * classes, Scale), Hidden, classes)]); // (N, C)
        return graph.Node("Add", [logits, graph.Constant("bias", Draw(classes, Scale), classes)]);

        float[] Draw(int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => scale * (2 * random.NextSingle() - 1))];

        // Each hidden unit's weights sum to zero, so that what differs between images counts, and not how bright they all are.
        float[] Centred(float[] weights)
        {
            for (int unit = 0; unit < Hidden; unit++)
            {
                float mean = 0;
                for (int i = unit; i < weights.Length; i += Hidden) mean += weights[i] / inputs;
                for (int i = unit; i < weights.Length; i += Hidden) weights[i] -= mean;
            }

            return weights;
        }
    }
}
