using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Whether every stage of a network for texts puts out zeros for padding, by which later layers and readouts tell it from tokens.
/// </summary>
internal static class PaddingCheck
{
    /// <summary>Runs two short texts, one of them padded, through a network of a user's own.</summary>
    /// <param name="network">The network, on the CPU; it is left in training mode.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <exception cref="ArgumentException">A stage puts out a vector for each token, and another than zeros for padding; or zeros for a
    /// token.</exception>
    public static void Run(StagedNetwork network, TokenShape shape)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1);
        network.Initialize(generator);
        network.eval();
        int other = shape.Separator == 1 ? 2 : 1;
        Tensor ids = tensor(new[] { other, other, other, shape.Separator, other, shape.Separator, 0, 0 }, [2, 4], device: CPU); // (2, 4)
        Tensor isToken = ids.ne(Scalars.Zero);
        for (int stage = 0; stage <= network.Stages.Count; stage++)
        {
            Tensor tap = network.ForwardTo(stage, ids);
            if (tap.dim() != 3) continue; // the network has pooled the tokens
            if (!TokenMask.Of(tap).ne(isToken).any().item<bool>()) continue;
            string name = stage == 0 ? "the stem" : $"the stage '{network.Stages[stage - 1].Name}'";
            throw new ArgumentException($"The network '{network.GetName()}' of Network.Custom must put out zeros for padding, and for "
                + $"nothing else, in every stage: {name} does not. Multiply what its last layer computes by 1 where a token is and by 0 "
                + "where there is none.");
        }

        network.train();
    }
}
