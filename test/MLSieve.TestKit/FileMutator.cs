using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MLSieve.Tests;

/// <summary>
/// Spoils files for fuzz tests, as damaged disks, broken writers and attackers do: bytes anywhere, and the meaning of what a reader trusts.
/// </summary>
/// <param name="seed">Decides all mutations, so that a finding can be made again.</param>
public sealed class FileMutator(int seed)
{
    private const int PrefixLength = sizeof(long);

    private static readonly string[] _numbers =
    [
        "0", "1", "-1", "3", "255", "65536", "2147483647", "2147483648", "4294967296", "4611686018427387904", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808",
        "18446744073709551616", "0.5", "1e3", "1e400", "-0", "null", "true", "[]", "{}", "\"7\"",
    ];

    private static readonly string[] _strings =
    [
        "\"\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"\\x\"", "\"F32\"", "\"F64\"", "\"U8\"", "\"I64\"", "\"C64\"",
        "\"BF16\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"",
        "\"__metadata__\"", "\"\u00ff\u00fe\"", "\"\u00c0\u00af\"", "\"" + new string('n', 5000) + "\"", "\"../../x\"", "7", "null", "[1]",
    ];

    private readonly Random _random = new(seed);

    /// <summary>Spoils a safetensors file: its bytes, the length of its header, or what the header says.</summary>
    public byte[] Safetensors(byte[] file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _random.Next(10) switch
        {
            0 or 1 => Bytes(file),
            2 => WithHeaderLength(
                file,
                Pick<long>([
                    -1,
                    0,
                    1,
                    2,
                    7,
                    file.Length,
                    file.Length - PrefixLength,
                    HeaderLength(file) - 1,
                    HeaderLength(file) + 1,
                    100_000_000,
                    100_000_001,
                    int.MaxValue,
                    long.MaxValue,
                    long.MinValue,
                ])),
            3 => [.. file, .. Noise(_random.Next(1, 2000))],
            _ => WithHeader(file, Json(file[PrefixLength..(PrefixLength + HeaderLength(file))])),
        };
    }

    /// <summary>
    /// Spoils a JSON file: mostly its meaning (numbers, names, order, doubles, depth), now and then its bytes. Often several times over.
    /// </summary>
    public byte[] Json(byte[] file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string text = Encoding.Latin1.GetString(file); // a byte a letter, so that no byte is lost
        for (int rounds = _random.Next(3); rounds >= 0; rounds--) text = Json(text);
        return Encoding.Latin1.GetBytes(text);
    }

    /// <summary>Spoils bytes: cut short, flipped, dropped, doubled, moved or put in.</summary>
    public byte[] Bytes(byte[] file)
    {
        ArgumentNullException.ThrowIfNull(file);
        int from = _random.Next(file.Length), length = _random.Next(1, Math.Min(64, file.Length - from) + 1),
            to = _random.Next(file.Length + 1);
        switch (_random.Next(6))
        {
            case 0: return file[..from];
            case 1: return [.. file[..from], .. file[(from + length)..]];
            case 2: return [.. file[..to], .. file[from..(from + length)], .. file[to..]];
            case 3: return [.. file[..from], .. Noise(length), .. file[(from + length)..]];
            case 4: return Noise(_random.Next(200));
            default:
                byte[] flipped = [.. file];
                // The first bytes matter most, and would seldom be hit.
                for (int flips = _random.Next(1, 9); flips > 0; flips--)
                    flipped[_random.Next(_random.Next(2) == 0 ? file.Length : Math.Min(file.Length, 400))] ^= (byte)(1 << _random.Next(8));
                return flipped;
        }
    }

    private string Json(string text) => _random.Next(9) switch
    {
        0 => Replace(text, @"-?\d[\d.eE+-]*", _ => Pick(_numbers)),
        1 => Replace(text, @"-?\d[\d.eE+-]*", number => Near(number)),
        2 => Replace(text, "\"[^\"]*\"", _ => Pick(_strings)),
        3 => Replace(
            text, @"\[[^\[\]]*\]",
            _ => Pick([
                "[]",
                $"[0,{Pick(_numbers)},{Pick(_numbers)}]",
                $"[{Pick(_numbers)}]",
                "[" + string.Join(',', Enumerable.Repeat("1", _random.Next(1, 300))) + "]",
            ])),
        4 => Replace(text, "\"[^\"]*\"\\s*:\\s*(\\{[^{}]*\\}|[^,{}\\[\\]]+)", member => member + "," + member), // twice under one name
        5 => Swapped(text),
        6 => Replace(text, @"[\[{""\d]", token => Deep(token)),
        7 => Replace(text, @"[{}\[\],:""]", _ => Pick(["", "{", "}", "[", "]", ",", ":", "\"", " ", "\0"])),
        _ => Encoding.Latin1.GetString(text.Length == 0 ? [] : Bytes(Encoding.Latin1.GetBytes(text))),
    };

    // Two members, or two values, in each other's place: another order, or offsets that cross.
    private string Swapped(string text)
    {
        MatchCollection values = Regex.Matches(text, _random.Next(2) == 0 ? @"\[[^\[\]]*\]" : "\"[^\"]*\"\\s*:\\s*\\{[^{}]*\\}");
        if (values.Count < 2) return text;
        Match[] two = [.. new[] { values[_random.Next(values.Count)], values[_random.Next(values.Count)] }.OrderBy(match => match.Index)];
        if (two[0].Index == two[1].Index) return text;
        return text[..two[0].Index] + two[1].Value + text[(two[0].Index + two[0].Length)..two[1].Index] + two[0].Value
            + text[(two[1].Index + two[1].Length)..];
    }

    private string Deep(string inner)
    {
        int depth = Pick([2, 63, 64, 65, 1000, 20_000]);
        return _random.Next(2) == 0
            ? new string('[', depth) + inner + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "0" + new string('}', depth) + "," + inner;
    }

    private string Near(string number) =>
        long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? unchecked(value + Pick([-8L, -4, -1, 1, 4, 8, value])).ToString(CultureInfo.InvariantCulture)
            : "0";

    private string Replace(string text, string pattern, Func<string, string> with)
    {
        MatchCollection found = Regex.Matches(text, pattern);
        if (found.Count == 0) return text;
        Match match = found[_random.Next(found.Count)];
        return text[..match.Index] + with(match.Value) + text[(match.Index + match.Length)..];
    }

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private static int HeaderLength(byte[] file) => (int)BinaryPrimitives.ReadInt64LittleEndian(file);

    private static byte[] WithHeaderLength(byte[] file, long length)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteInt64LittleEndian(changed, length);
        return changed;
    }

    private static byte[] WithHeader(byte[] file, byte[] header) =>
        WithHeaderLength([.. new byte[PrefixLength], .. header, .. file[(PrefixLength + HeaderLength(file))..]], header.Length);
}
