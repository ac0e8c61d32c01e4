namespace Microsoft.ML.EarlyReadout;

/// <summary>How well a number tells members of a set from others.</summary>
internal static class RocCurve
{
    /// <summary>
    /// The area under the curve: the probability that a member drawn at random has a greater number than another row drawn at random, ties
    /// counted half (Mann and Whitney).
    /// </summary>
    /// <param name="values">The number of each row.</param>
    /// <param name="member">Whether the row is a member.</param>
    /// <returns>From 0 to 1; <see langword="null"/> where all rows are members, or none is.</returns>
    public static double? Area(float[] values, bool[] member)
    {
        long members = member.LongCount(each => each), others = member.LongLength - members;
        if (members == 0 || others == 0) return null;
        double pairs = 0;
        long below = 0;
        foreach (var ties in values.Zip(member).GroupBy(row => row.First).OrderBy(group => group.Key))
        {
            long inside = ties.LongCount(row => row.Second), outside = ties.LongCount() - inside;
            pairs += inside * (below + 0.5 * outside);
            below += outside;
        }
        return pairs / ((double)members * others);
    }
}
