using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The transformers of a pipeline in the order in which rows go through them, those of chains within chains too.</summary>
internal static class FlatPipeline
{
    private static readonly TransformerScope[] _scopes = [TransformerScope.Training, TransformerScope.Testing, TransformerScope.Scoring];

    /// <summary>Lists them.</summary>
    public static IEnumerable<ITransformer> Of(ITransformer pipeline) => Scoped(pipeline).Select(part => part.Transformer);

    /// <summary>Lists them, each with what it is applied for; within a chain that is itself a part of one, for what both say.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="within">What the pipeline is applied for.</param>
    public static IEnumerable<(ITransformer Transformer, TransformerScope Scope)> Scoped(
        ITransformer pipeline, TransformerScope within = TransformerScope.Everything)
    {
        if (pipeline is not IEnumerable<ITransformer> chain) return [(pipeline, within)];
        Func<ITransformer, TransformerScope> scopeOf = ScopesIn(pipeline);
        return chain.SelectMany(part => Scoped(part, within & scopeOf(part)));
    }

    /// <summary>The last model of ours that was fitted or made whole; <see langword="null"/> where there is none.</summary>
    public static EarlyReadoutTransformer? ModelIn(ITransformer pipeline) => Of(pipeline).OfType<EarlyReadoutTransformer>().LastOrDefault();

    // ML.NET's chain does not tell the scopes of its parts, but which parts it has for a scope.
    private static Func<ITransformer, TransformerScope> ScopesIn(ITransformer chain)
    {
        if (chain.GetType().GetMethod(nameof(TransformerChain<ITransformer>.GetModelFor)) is not { } partsFor)
            return _ => TransformerScope.Everything;
        (TransformerScope Scope, HashSet<ITransformer> Parts)[] all =
            [.. _scopes.Select(scope => (scope, ((IEnumerable<ITransformer>)partsFor.Invoke(chain, [scope])!).ToHashSet()))];
        return part => all.Where(each => each.Parts.Contains(part)).Aggregate(TransformerScope.None, (scope, each) => scope | each.Scope);
    }
}
