using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What tells one packed set from another: counts in words, and a hash of each of its parts.</summary>
internal static class DataFingerprint
{
    private const int HashDigits = 16;

    /// <summary>Adds what tells a set from others to an identity.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Add(IDictionary<string, string> identity, string whose, TrainingSet set, Cancellation cancellation)
    {
        foreach ((string part, string value) in set.FingerprintOf(cancellation)) identity[$"{whose} {part}"] = value;
    }

    /// <summary>Works out what tells a set from others.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyDictionary<string, string> PartsOf(TrainingSet set, Cancellation cancellation)
    {
        var parts = new Dictionary<string, string>
        {
            ["rows"] = FormattableString.Invariant($"{set.Count}"),
            ["shape"] = set.Shape.ToString(),
            ["classes"] = Hash(set.ClassNames),
            ["features"] = Hash(set.Features, cancellation),
            ["labels"] = Hash(MemoryMarshal.AsBytes<int>(set.Labels)),
        };
        if (set.Tokenizer is { } tokenizer) parts["vocabulary"] = Hash(tokenizer.Vocabulary.Tokens);
        if (set.Groups is not null) parts["groups"] = Hash(MemoryMarshal.AsBytes<int>(set.Groups));
        foreach ((string name, PackedColumn column) in set.Columns) parts[$"column '{name}'"] = Hash(column.Rows, cancellation);
        return parts;
    }

    /// <summary>A number that differs between sets that differ.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static long Of(TrainingSet set, Cancellation cancellation)
    {
        var parts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(parts, "", set, cancellation);
        return BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
    }

    private static string Hash(PackedRows rows, Cancellation cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        rows.ForEachPacked(row =>
        {
            cancellation.ThrowIfRequested();
            int length = row.Length;
            // Rows differ in length: without it, two sets could be cut out of the same bytes.
            hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in length)));
            hash.AppendData(row);
        });
        return Short(hash.GetHashAndReset());
    }

    private static string Hash(IEnumerable<string> texts) => Hash(Encoding.UTF8.GetBytes(string.Join('\n', texts)));

    private static string Hash(ReadOnlySpan<byte> bytes) => Short(SHA256.HashData(bytes));

    private static string Short(byte[] hash) => Convert.ToHexStringLower(hash)[..HashDigits];
}
