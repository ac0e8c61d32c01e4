using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A table of vectors, one a row, which whole numbers choose from.</summary>
/// <remarks>(B, L) → (B, L, D).</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Embedding : Layer
{
    private const double Deviation = 0.02; // BERT's

    [ComponentName(Name = "weight")]
    private Parameter _weight; // (rows, D)

    /// <summary>Creates the layer; <see cref="Initialize"/> draws its weights.</summary>
    /// <param name="rows">Rows of the table.</param>
    /// <param name="size">D.</param>
    public Embedding(int rows, int size) : base("embedding")
    {
        _weight = new Parameter(zeros(rows, size, float32, CPU));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) =>
        _weight.index_select(0, input.to(ScalarType.Int64).flatten()).view([.. input.shape, _weight.size(1)]); // (B, L, D)

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) =>
        graph.Node("Gather", [graph.Constant("embedding", _weight), input], ("axis", 0));

    /// <inheritdoc/>
    public override void Initialize(Generator generator) => InitialValues.Normal(_weight, Deviation, generator);

    /// <summary>The first rows of the table, (count, D).</summary>
    internal Tensor First(long count) => _weight.narrow(0, 0, count);
}
