using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Clusters rows by k-means on the direction of their embeddings.</summary>
/// <param name="seed">Draws the first centres.</param>
internal sealed class EmbeddingClusters(int seed)
{
    private const int MaxIterations = 100;
    private const float SquaredDistanceOfAlike = 1e-6f;

    /// <summary>Clusters rows.</summary>
    /// <param name="embeddings">By row, (D).</param>
    /// <param name="clusters">The most clusters; at least 1. Rows of fewer directions make fewer.</param>
    /// <returns>For each cluster that has rows, their places in the list: those nearest to its centre first.</returns>
    public IReadOnlyList<int[]> Of(IReadOnlyList<float[]> embeddings, int clusters)
    {
        var ml = new MLContext(seed);
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Example));
        schema[nameof(Example.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, embeddings[0].Length);
        IDataView rows = ml.Data.LoadFromEnumerable(embeddings.Select(embedding => new Example { Features = embedding }).ToArray(), schema);
        IDataView directions = ml.Transforms.NormalizeLpNorm(nameof(Example.Features)).Fit(rows).Transform(rows);
        // Of one thread: with several, sums are added in an order that differs from run to run.
        IDataView told = ml.Clustering.Trainers.KMeans(new KMeansTrainer.Options
        {
            FeatureColumnName = nameof(Example.Features),
            NumberOfClusters = Different(directions, clusters),
            NumberOfThreads = 1,
            MaximumNumberOfIterations = MaxIterations,
            InitializationAlgorithm = KMeansTrainer.InitializationAlgorithm.KMeansPlusPlus,
        }).Fit(directions).Transform(directions);
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

    // How many directions lie apart from each other, counted up to the most that are asked for: k-means refuses to find more.
    private static int Different(IDataView directions, int most)
    {
        List<float[]> apart = [];
        foreach (float[] direction in directions.GetColumn<float[]>(nameof(Example.Features)))
        {
            if (apart.Count == most) break;
            if (apart.TrueForAll(other => SquaredDistance(other, direction) > SquaredDistanceOfAlike)) apart.Add(direction);
        }

        return apart.Count;

        static float SquaredDistance(float[] a, float[] b)
        {
            float sum = 0;
            for (int i = 0; i < a.Length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
            return sum;
        }
    }

    private sealed class Example
    {
        public float[] Features { get; init; } = [];
    }
}
