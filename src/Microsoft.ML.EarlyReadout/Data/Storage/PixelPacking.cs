using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Numbers to bytes and back, where that loses nothing.</summary>
internal static class PixelPacking
{
    /// <summary>Converts numbers to bytes.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="bytes">Receives as many bytes; undefined where the numbers do not fit.</param>
    /// <returns>Whether every number is an integer from 0 to 255.</returns>
    public static bool TryNarrow(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        int lanes = Vector<float>.Count, done = 0;
        var largest = new Vector<uint>(byte.MaxValue);
        for (; done <= values.Length - 4 * lanes; done += 4 * lanes)
        {
            if (!TryInteger(values[done..], out var a) || !TryInteger(values[(done + lanes)..], out var b)
                || !TryInteger(values[(done + 2 * lanes)..], out var c) || !TryInteger(values[(done + 3 * lanes)..], out var d))
                return false;
            Vector.Narrow(Vector.Narrow(a, b), Vector.Narrow(c, d)).CopyTo(bytes[done..]);
        }
        for (; done < values.Length; done++)
        {
            byte narrow = (byte)values[done];
            if (narrow != values[done])
                return false;
            bytes[done] = narrow;
        }
        return true;

        // A negative number, as an unsigned one, is above 255; NaN and what overflows differ from what they convert to.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        bool TryInteger(ReadOnlySpan<float> source, out Vector<uint> integers)
        {
            var numbers = new Vector<float>(source);
            var signed = Vector.ConvertToInt32(numbers);
            integers = Vector.AsVectorUInt32(signed);
            return Vector.EqualsAll(Vector.ConvertToSingle(signed), numbers) && Vector.LessThanOrEqualAll(integers, largest);
        }
    }

    /// <summary>Converts bytes to numbers.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="values">Receives as many numbers.</param>
    public static void Widen(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (int i = 0; i < bytes.Length; i++)
            values[i] = bytes[i];
    }

    /// <summary>The slot of the first number that is NaN or infinite; −1 where there is none.</summary>
    /// <param name="values">The numbers.</param>
    public static int IndexOfNonFinite(ReadOnlySpan<float> values)
    {
        int lanes = Vector<float>.Count, done = 0;
        for (; done <= values.Length - lanes; done += lanes)
        {
            // x − x is 0 for every finite number and NaN for the others.
            var numbers = new Vector<float>(values[done..]);
            if (!Vector.EqualsAll(numbers - numbers, Vector<float>.Zero))
                break;
        }
        for (; done < values.Length; done++)
            if (!float.IsFinite(values[done]))
                return done;
        return -1;
    }
}
