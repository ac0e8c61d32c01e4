using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Clusters rows by k-means on the direction of their embeddings.</summary>
/// <param name="seed">Draws the first centres.</param>
internal sealed class EmbeddingClusters(int seed)
{
    private const int MaxIterations = 100;

    /// <summary>Clusters rows.</summary>
    /// <param name="embeddings">By row, (D).</param>
    /// <param name="clusters">How many clusters; at least 1.</param>
    /// <returns>For each cluster that has rows, their places in the list: those nearest to its centre first.</returns>
    public IReadOnlyList<int[]> Of(IReadOnlyList<float[]> embeddings, int clusters)
    {
        var ml = new MLContext(seed);
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Example));
        schema[nameof(Example.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, embeddings[0].Length);
        IDataView rows = ml.Data.LoadFromEnumerable(embeddings.Select(embedding => new Example { Features = embedding }).ToArray(), schema);
        // Of one thread: with several, sums are added in an order that differs from run to run.
        IDataView told = ml.Transforms.NormalizeLpNorm(nameof(Example.Features))
            .Append(ml.Clustering.Trainers.KMeans(new KMeansTrainer.Options
            {
                FeatureColumnName = nameof(Example.Features),
                NumberOfClusters = clusters,
                NumberOfThreads = 1,
                MaximumNumberOfIterations = MaxIterations,
                InitializationAlgorithm = KMeansTrainer.InitializationAlgorithm.KMeansPlusPlus,
            })).Fit(rows).Transform(rows);
        (uint Cluster, float Distance)[] placed =
        [
            .. told.GetColumn<uint>(DefaultColumns.PredictedLabel).Zip(
                told.GetColumn<float[]>(DefaultColumns.Score), (cluster, distances) => (cluster, distances[cluster - 1])),
        ];
        return
        [
            .. placed.Index().GroupBy(row => row.Item.Cluster).OrderBy(cluster => cluster.Key)
                .Select(cluster => cluster.OrderBy(row => row.Item.Distance).ThenBy(row => row.Index).Select(row => row.Index).ToArray()),
        ];
    }

    private sealed class Example
    {
        public float[] Features { get; init; } = [];
    }
}
