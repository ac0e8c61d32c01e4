namespace Microsoft.ML.EarlyReadout;

/// <summary>The names under which a graph has what a network computes.</summary>
/// <param name="Logits">The logits, (N, classes).</param>
/// <param name="Embedding">What the last linear layer reads, (N, <paramref name="EmbeddingSize"/>); <see langword="null"/> where the
/// network does not end in one.</param>
/// <param name="EmbeddingSize">The embedding's numbers for one example; 0 where there is none.</param>
/// <param name="Stages">What each stage puts out, from stage 0, so that readouts can tap it.</param>
internal sealed record ExportedNetwork(string Logits, string? Embedding, int EmbeddingSize, IReadOnlyList<string> Stages)
{
    /// <summary>What the stages are called, as many as <see cref="Stages"/>; none where the network tells no names.</summary>
    public IReadOnlyList<string> StageNames { get; init; } = [];

    /// <summary>
    /// The class activation maps before their ReLU, (N, classes, h, w): class c's map is <c>Σ_k w_ck·A_k</c>, where A_k is channel k of
    /// what the global average pool reads and w_ck the last linear layer's weight; without a linear layer after the pool, what the pool
    /// reads. Their means, plus the linear layer's bias, are the logits.
    /// </summary>
    /// <value><see langword="null"/> where the network does not end in global average pooling and at most one linear layer.</value>
    public string? ActivationMaps { get; init; }

    /// <summary>What the global average pool before the last linear layer reads, A_k above: (N, C, h, w). Its means are the
    /// embedding.</summary>
    /// <value><see langword="null"/> where the network does not end in global average pooling and a linear layer.</value>
    public string? FeatureMaps { get; init; }

    /// <summary>The shape of <see cref="FeatureMaps"/> for one example, (C, h, w).</summary>
    public FeatureShape? FeatureMapShape { get; init; }
}
