namespace Studies;

/// <summary>How clusters of rows go with an attribute that nobody told. All shares are in [0, 1]; of no rows they are 0.</summary>
/// <param name="Clusters">How many clusters.</param>
/// <param name="Rows">Rows in them.</param>
/// <param name="Purity">The share of these rows that have the most frequent value of the attribute in their cluster.</param>
/// <param name="WorstPrecision">The share of them that are of the group on which the network is worst.</param>
/// <param name="WorstRecall">The share of that group's rows that are in a cluster.</param>
/// <param name="FirstPrecision">The share of the first cluster's rows that are of that group; the first has most of the network's
/// errors.</param>
internal sealed record ClusterFigures(
    int Clusters, int Rows, double Purity, double WorstPrecision, double WorstRecall, double FirstPrecision)
{
    /// <summary>Counts.</summary>
    /// <param name="clusters">The places of each cluster's rows; the cluster that is shown first is first.</param>
    /// <param name="attributes">The attribute of each row.</param>
    /// <param name="worst">Whether each row is of the worst group.</param>
    public static ClusterFigures Of(
        IReadOnlyList<IReadOnlyList<long>> clusters, IReadOnlyList<string> attributes, IReadOnlyList<bool> worst)
    {
        int rows = clusters.Sum(cluster => cluster.Count);
        int pure = clusters.Sum(cluster => cluster.CountBy(row => attributes[(int)row]).Max(value => value.Value));
        int found = clusters.Sum(Worst);
        return new ClusterFigures(
            clusters.Count, rows, Share(pure, rows), Share(found, rows), Share(found, worst.Count(each => each)),
            clusters.Count == 0 ? 0 : Share(Worst(clusters[0]), clusters[0].Count));

        int Worst(IReadOnlyList<long> cluster) => cluster.Count(row => worst[(int)row]);
    }

    private static double Share(int part, int of) => of == 0 ? 0 : (double)part / of;
}
