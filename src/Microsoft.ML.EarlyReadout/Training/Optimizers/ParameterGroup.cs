using TorchSharp.Modules;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Parameters that an optimiser moves alike.</summary>
/// <param name="Parameters">The parameters by name.</param>
/// <param name="RateFactor">Multiplies the learning rate.</param>
/// <param name="WeightDecay">λ, not negative.</param>
internal sealed record ParameterGroup(IReadOnlyList<(string Name, Parameter Parameter)> Parameters, double RateFactor, double WeightDecay)
{
    /// <summary>The groups that options make of a network's parameters, and of others that are trained beside its head.</summary>
    /// <param name="options">The options.</param>
    /// <param name="network">The network.</param>
    /// <param name="parameters">The parameters to move. Frozen ones are left out.</param>
    public static IReadOnlyList<ParameterGroup> Of(
        OptimizerOptions options, StagedNetwork network, IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        int top = network.Stages.Count + 1; // where the head is
        var stages = new Dictionary<Parameter, int>(ReferenceEqualityComparer.Instance);
        for (int stage = 0; stage < top; stage++)
            foreach ((_, Parameter parameter) in network.ParametersTo(stage)) stages.TryAdd(parameter, stage);
        return
        [
            .. from entry in parameters
               where entry.Parameter.requires_grad
               let factor = Math.Pow(options.StageRateDecay, top - stages.GetValueOrDefault(entry.Parameter, top))
               group entry by (factor, decay: Decays(entry.Parameter) ? options.WeightDecay : 0) into alike
               select new ParameterGroup([.. alike], alike.Key.factor, alike.Key.decay),
        ];

        // Biases, and the scales and shifts of norms, are vectors.
        bool Decays(Parameter parameter) => options.DecayBiasesAndNorms || parameter.dim() > 1;
    }
}
