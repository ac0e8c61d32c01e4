using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Linear layers with ReLU for feature vectors; each hidden layer is a stage.</summary>
/// <remarks>
/// (B, D) → (B, classes). Parameters: <c>stage1.weight</c>, <c>stage1.bias</c>, …, <c>head.weight</c>, <c>head.bias</c>. An image is
/// flattened first.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Mlp : StagedNetwork
{
    /// <summary>Creates the network; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="hiddenUnits">Width of each hidden layer, at least one.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">There is no hidden layer, a width below 1, or examples are texts.</exception>
    public Mlp(FeatureShape shape, IReadOnlyList<int> hiddenUnits, int classes) : base("Mlp", shape, classes)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(hiddenUnits);
        if (shape is TokenShape)
        {
            throw new ArgumentException($"Mlp needs numbers, and the feature column holds {shape.Plural}. Choose a text encoder, or turn "
                + "the texts into numbers first (FeaturizeText).");
        }

        if (hiddenUnits.Count == 0) throw new ArgumentException("An Mlp needs at least one hidden layer.", nameof(hiddenUnits));
        if (shape.Dimensions.Length > 1) SetStem(new Flatten());
        int width = shape.Size;
        for (int k = 1; k <= hiddenUnits.Count; k++)
        {
            int units = hiddenUnits[k - 1];
            string name = FormattableString.Invariant($"stage{k}");
            AddStage(name, Register(name, new Linear(width, units)), Register(name + "_relu", new Relu()));
            width = units;
        }
        SetHead("head", Register("head", new Linear(width, classes)));
    }
}
