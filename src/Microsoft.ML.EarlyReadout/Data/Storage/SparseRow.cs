using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A row most of whose numbers are zero, packed: the places of the others (int32), then their values (float32).</summary>
internal static class SparseRow
{
    private const int LeastSize = 64; // for shorter rows, the list of where each lies eats up what is saved

    /// <summary>Numbers that are not zero, to the bit: −0 is not.</summary>
    public static int CountOthers(ReadOnlySpan<float> values) => values.Length - MemoryMarshal.Cast<float, uint>(values).Count(0u);

    /// <summary>Whether a row takes at most half the bytes so.</summary>
    /// <param name="others">Numbers that are not zero.</param>
    /// <param name="size">All numbers.</param>
    public static bool IsWorthwhile(int others, int size) => size >= LeastSize && others <= size / 4;

    /// <summary>The bytes that a row takes.</summary>
    /// <param name="others">Numbers that are not zero.</param>
    public static int Bytes(int others) => others * (sizeof(int) + sizeof(float));

    /// <summary>Packs numbers; zeros among them are left out.</summary>
    /// <param name="places">Their places, ascending; empty: their places are 0, 1, 2, ….</param>
    /// <param name="values">The numbers.</param>
    /// <param name="packed">Receives them; as long as <see cref="Bytes"/> says.</param>
    public static void Pack(ReadOnlySpan<int> places, ReadOnlySpan<float> values, Span<byte> packed)
    {
        Span<int> toPlaces = MemoryMarshal.Cast<byte, int>(packed[..(packed.Length / 2)]);
        Span<float> toValues = MemoryMarshal.Cast<byte, float>(packed[(packed.Length / 2)..]);
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (BitConverter.SingleToUInt32Bits(values[i]) == 0)
                continue;
            toPlaces[count] = places.Length == 0 ? i : places[i];
            toValues[count++] = values[i];
        }
    }

    /// <summary>Unpacks a row.</summary>
    /// <param name="packed">The packed row.</param>
    /// <param name="row">Receives all its numbers.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<float> row)
    {
        ReadOnlySpan<int> places = MemoryMarshal.Cast<byte, int>(packed[..(packed.Length / 2)]);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(packed[(packed.Length / 2)..]);
        row.Clear();
        for (int i = 0; i < places.Length; i++)
            row[places[i]] = values[i];
    }
}
