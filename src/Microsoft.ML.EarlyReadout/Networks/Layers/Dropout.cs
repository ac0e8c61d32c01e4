using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// Sets each number to 0 with a probability while training, and scales the rest up to keep the mean. Does nothing in evaluation.
/// </summary>
/// <remarks>Its randomness is that of the generator which drew the network's weights, or the trainer's own; never the global one.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Dropout : Layer
{
    private readonly double _keep;
    private Generator? _generator;
    private RankRows? _rows;

    /// <summary>Creates the layer.</summary>
    /// <param name="probability">The probability of 0; at least 0 and less than 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public Dropout(double probability) : base("dropout")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        _keep = 1 - probability;
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!training || _keep == 1) return input.alias();
        Generator generator = _generator ?? throw new InvalidOperationException("Dropout trains only after the network's Initialize.");
        Tensor kept = _rows?.Whole is { } whole
            ? empty([whole, .. input.shape[1..]], input.dtype, input.device).bernoulli_(_keep, generator)
                .narrow(0, _rows.Start, input.size(0))
            : empty(input.shape, input.dtype, input.device).bernoulli_(_keep, generator);
        return input.mul(kept).mul(Scalars.Of(1 / _keep));
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => input;

    /// <inheritdoc/>
    public override void Initialize(Generator generator) => SetGenerator(generator);

    internal void SetGenerator(Generator generator, RankRows? rows = null) => (_generator, _rows) = (generator, rows);
}
