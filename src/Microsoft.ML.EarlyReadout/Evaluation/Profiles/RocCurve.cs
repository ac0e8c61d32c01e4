namespace Microsoft.ML.EarlyReadout;

/// <summary>How well a number tells members of a set from others.</summary>
internal static class RocCurve
{
    /// <summary>
    /// The area under the curve: the probability that a member drawn at random has a greater number than another row drawn at random, ties
    /// counted half (Mann and Whitney).
    /// </summary>
    /// <param name="values">The number of each row; rows whose number is not finite are left out.</param>
    /// <param name="member">Whether the row is a member.</param>
    /// <returns>From 0 to 1; <see langword="null"/> where all rows are members, or none is.</returns>
    public static double? Area(float[] values, bool[] member)
    {
        (float Value, bool IsMember)[] rows = [.. values.Zip(member).Where(row => float.IsFinite(row.First))];
        long members = rows.LongCount(row => row.IsMember), others = rows.LongLength - members;
        if (members == 0 || others == 0) return null;
        double pairs = 0;
        long below = 0;
        foreach (var ties in rows.GroupBy(row => row.Value).OrderBy(group => group.Key))
        {
            long inside = ties.LongCount(row => row.IsMember), outside = ties.LongCount() - inside;
            pairs += inside * (below + 0.5 * outside);
            below += outside;
        }
        return pairs / ((double)members * others);
    }
}
