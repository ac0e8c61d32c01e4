namespace Microsoft.ML.EarlyReadout;

/// <summary>The names under which a graph has what a network computes.</summary>
/// <param name="Logits">The logits, (N, classes).</param>
/// <param name="Embedding">What the last linear layer reads, (N, <paramref name="EmbeddingSize"/>); <see langword="null"/> where the network does not end in one.</param>
/// <param name="EmbeddingSize">The embedding's numbers for one example; 0 where there is none.</param>
/// <param name="Stages">What each stage puts out, from stage 0, so that readouts can tap it.</param>
public sealed record ExportedNetwork(string Logits, string? Embedding, int EmbeddingSize, IReadOnlyList<string> Stages);
