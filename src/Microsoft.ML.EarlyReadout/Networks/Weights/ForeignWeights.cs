using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a file given for a safetensors file is instead, by its first bytes, and how to make a safetensors file of it.</summary>
internal static class ForeignWeights
{
    private const int LongestIndex = 64 << 20;
    private const int ShardsShown = 3;
    private const int TensorFlowLiteMark = 4;
    private static readonly byte[] _hdf = [0x89, (byte)'H', (byte)'D', (byte)'F'];
    private static readonly byte[] _numPy = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private const string SaveTensors = "save_file({n: t.clone() for n, t in d.items() if torch.is_tensor(t)}, 'weights.safetensors')";

    /// <summary>A sentence about a file of another kind, or <see langword="null"/> where it is none of those known.</summary>
    /// <param name="file">The file; its position is changed.</param>
    public static string? Describe(FileStream file)
    {
        if (ForeignFile.Describe(file) is { } common) return common;
        ReadOnlySpan<byte> first = ForeignFile.Beginning(file);
        if (first.StartsWith("PK\x3\x4"u8)) return Archive(file);
        if (first.Length > 1 && first[0] == 0x80 && first[1] is >= 2 and <= 5)
            return PyTorch(file, "a Python pickle, as torch.save wrote before PyTorch 1.6");
        if (first.StartsWith(_hdf))
        {
            return "it is an HDF5 file, as Keras writes weights. Its names and the order of its dimensions are other than torchvision's: "
                + "convert it with Python (h5py, numpy and safetensors)";
        }
        if (first.StartsWith(_numPy))
            return "it is a NumPy array (.npy): one tensor without a name. Save all tensors by name (safetensors.numpy.save_file)";
        if (first.StartsWith("GGUF"u8))
            return "it is a GGUF file of a language model, mostly with quantised numbers. Give the safetensors file that it was made from";
        if (first.Length > TensorFlowLiteMark && first[TensorFlowLiteMark..].StartsWith("TFL3"u8))
            return "it is a TensorFlow Lite model. Give the weights that it was made from";
        if (IsOnnx(file)) return Onnx(file);
        return ForeignFile.Text(first).StartsWith('{') ? Json(file) : null;
    }

    private static string Onnx(FileStream file) => "it is an ONNX model. "
        + "That of a residual network is read where the file's name ends in .onnx; of another, convert the weights with Python: "
        + Command("onnx; from onnx.numpy_helper import to_array; from safetensors.numpy import save_file; "
            + $"save_file({{w.name: to_array(w) for w in onnx.load({Quoted(file)}).graph.initializer}}, 'weights.safetensors')")
        + ", and see that the names are torchvision's";

    private static string PyTorch(FileStream file, string what) =>
        PyTorch(what, $"torch.load({Quoted(file)}, map_location='cpu', weights_only=True)");

    private static string PyTorch(string what, string load) =>
        $"it is {what}. Convert it with Python, which needs the packages torch and safetensors: "
        + Command($"torch; from safetensors.torch import save_file; d = {load}; d = d.get('state_dict', d); {SaveTensors}");

    private static string Archive(FileStream file)
    {
        string[] names;
        try
        {
            using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            names = [.. archive.Entries.Select(entry => entry.FullName)];
        }
        catch (InvalidDataException)
        {
            return "it is a zip archive that is damaged or cut short, such as a PyTorch file whose download failed. Get it anew";
        }

        if (names.Any(name => name.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            return PyTorch("a TorchScript program", $"torch.jit.load({Quoted(file)}, map_location='cpu').state_dict()");
        if (names.Any(name => name.EndsWith("data.pkl", StringComparison.Ordinal)))
            return PyTorch(file, "a PyTorch file (.pt, .pth: a pickle in a zip archive)");
        if (names.Length > 0 && names.All(name => name.EndsWith(".npy", StringComparison.Ordinal)))
        {
            return "it is a NumPy archive (.npz). Convert it with Python: "
                + Command("numpy; from safetensors.numpy import save_file; "
                    + $"save_file(dict(numpy.load({Quoted(file)})), 'weights.safetensors')");
        }

        return "it is a zip archive. Extract it and give the weights file in it";
    }

    private static string? Json(FileStream file)
    {
        if (file.Length > LongestIndex) return null;
        try
        {
            file.Position = 0;
            using JsonDocument json = JsonDocument.Parse(file);
            return json.RootElement.TryGetProperty("weight_map", out JsonElement map) && map.ValueKind == JsonValueKind.Object
                ? Index(file, map)
                : "it is a JSON text, without any weights";
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Index(FileStream file, JsonElement map)
    {
        string[] shards = [.. map.EnumerateObject().Select(entry => entry.Value.ToString()).Distinct().Order(StringComparer.Ordinal)];
        string shown = string.Join(", ", shards.Take(ShardsShown).Select(shard => $"'{Excerpt.Of(shard)}'"));
        string more = shards.Length > ShardsShown ? ", …" : "";
        string files = $"set(json.load(open({Quoted(file)}))['weight_map'].values())";
        return FormattableString.Invariant($"it is the index of weights in {shards.Length} files ({shown}{more}). ")
            + "Give the file where it is one; else join them with Python, in their folder: "
            + Command("json; from safetensors.torch import load_file, save_file; "
                + $"save_file({{n: t for f in {files} for n, t in load_file(f).items()}}, 'weights.safetensors')");
    }

    private static string Command(string imports) => $"python -c \"import {imports}\"";

    private static string Quoted(FileStream file) => $"'{Path.GetFileName(file.Name)}'";

    /// <summary>Whether the file is a protocol buffer that begins as an ONNX model does: a small version, texts, then a graph.</summary>
    private static bool IsOnnx(FileStream file)
    {
        const ulong versionTag = (1 << 3) | 0, graphTag = (7 << 3) | 2, newestVersion = 100;
        file.Position = 0;
        var reader = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
        try
        {
            if (Varint(reader) != versionTag || Varint(reader) > newestVersion) return false;
            while (file.Position < file.Length)
            {
                ulong tag = Varint(reader);
                if (tag == graphTag) return Varint(reader) <= (ulong)(file.Length - file.Position);
                ulong value = Varint(reader);
                switch (tag & 7)
                {
                    case 0: break;
                    case 2 when value <= (ulong)(file.Length - file.Position): file.Position += (long)value; break;
                    default: return false;
                }
            }
        }
        catch (EndOfStreamException)
        {
            // Cut short: not known to be one.
        }

        return false;
    }

    private static ulong Varint(BinaryReader reader)
    {
        try
        {
            return (ulong)reader.Read7BitEncodedInt64();
        }
        catch (FormatException)
        {
            return ulong.MaxValue; // longer than any number
        }
    }
}
