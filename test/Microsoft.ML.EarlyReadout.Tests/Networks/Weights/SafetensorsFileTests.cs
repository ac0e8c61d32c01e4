using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-test-").FullName;

    private string FilePath => Path.Combine(_folder, "weights.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Byte)]
    public void What_is_written_is_read_again(ScalarType type)
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor matrix = arange(6).to(type).reshape(2, 3).t(); // not contiguous
        SafetensorsFile.Write(
            FilePath, new Dictionary<string, Tensor> { ["b"] = matrix, ["a.weight"] = zeros(0).to(type), ["c"] = zeros([]).to(type) });
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);
        Assert.Equal(["a.weight", "b", "c"], file.Names.Order());
        Assert.Equal(type, file.Read("b").dtype);
        Assert.True(file.Read("b").equal(matrix).all().item<bool>());
        Assert.Equal([0], file.Shape("a.weight"));
        Assert.Empty(file.Shape("c"));
        Assert.Equal([FilePath], Directory.GetFiles(_folder)); // no draft is left
    }

    [Fact]
    public void Numbers_in_managed_memory_are_written_to_the_byte_as_tensors_are()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        Tensor matrix = arange(6).to(ScalarType.Float32).reshape(2, 3);
        SafetensorsFile.Write(
            FilePath, new Dictionary<string, Tensor> { ["b"] = zeros([]).to(ScalarType.Int64), ["a.weight"] = matrix });
        byte[] expected = File.ReadAllBytes(FilePath);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(expected);
        Assert.Equal(
            """{"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}""",
            Encoding.UTF8.GetString(expected, 8, header).TrimEnd());
        Assert.Equal(8 + header + 32, expected.Length);

        float[] numbers = [0, 1, 2, 3, 4, 5];
        SafetensorsContent[] tensors =
        [
            new("b", ScalarType.Int64, [], stream => stream.Write(new byte[8])),
            new("a.weight", ScalarType.Float32, [2, 3], stream => stream.Write(MemoryMarshal.AsBytes<float>(numbers))),
        ];
        SafetensorsFile.Write(FilePath, tensors);
        Assert.Equal(expected, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_file_that_was_there()
    {
        using var scope = NewDisposeScope();
        File.WriteAllText(FilePath, "before");
        Assert.Throws<ArgumentException>(
            () => SafetensorsFile.Write(FilePath, new Dictionary<string, Tensor> { ["a"] = zeros(2, ScalarType.Bool) }));
        Assert.Equal("before", File.ReadAllText(FilePath));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_path_that_cannot_be_written_is_an_IOException_that_names_it_and_leaves_no_draft()
    {
        using var scope = NewDisposeScope();
        NativeBackend.EnsureLoaded();
        var tensors = new Dictionary<string, Tensor> { ["a"] = zeros(2) };
        string message = Assert.Throws<IOException>(() => SafetensorsFile.Write(_folder, tensors)).Message; // which is a folder
        Assert.StartsWith($"Cannot write '{_folder}': ", message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(_folder)!, Path.GetFileName(_folder) + "*"));
    }

    [Theory]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4,
        "the tensor 'w' ends at byte 8 of the data, which has 4; the file is truncated")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8,
        "the tensor 'w' has shape (3) of F32, so 12 bytes are expected; 8 found")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0,
        "so 73786976294838206464 bytes are expected; 0 found")]
    [InlineData(
        """{"w":{"dtype":"I32","shape":[3],"data_offsets":[0,8]}}""", 8,
        "the tensor 'w' has shape (3) of I32, so 12 bytes are expected; 8 found")]
    [InlineData("""{"w":{"dtype":"Q4","shape":[3],"data_offsets":[0,9]}}""", 8, "the tensor 'w' ends at byte 9 of the data, which has 8")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8,
        "the tensor 'w' has shape [-2]; expected an array of whole numbers from 0")]
    [InlineData("""{"w":{"dtype":"F32","shape":[0.5],"data_offsets":[0,8]}}""", 8, "the tensor 'w' has shape [0.5]")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8,
        "the tensor 'w' has data_offsets [8, 0]; expected a begin and an end")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2]}}""", 8, "its header gives no dtype, shape and data_offsets for the tensor 'w'")]
    [InlineData("""{"w":7}""", 8, "its header gives no dtype, shape and data_offsets for the tensor 'w'")]
    [InlineData(
        """{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
        "the tensors 'v' and 'w' overlap")]
    [InlineData(
        """{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
        "names the tensor 'w' twice")]
    [InlineData("""[1,2]""", 8, "its header is a JSON Array; expected an object")]
    [InlineData("""{"w":""", 8, "its header is no JSON")]
    public void A_malformed_file_is_named_with_what_was_expected_and_what_was_found(string header, int dataLength, string message)
    {
        Write(Encoding.UTF8.GetByteCount(header), header, dataLength);
        Fails(message);
    }

    [Theory]
    [InlineData("I32", 8)]
    [InlineData("BOOL", 2)]
    [InlineData("F8_E4M3", 2)]
    [InlineData("U16", 4)]
    [InlineData("Q4_of_tomorrow", 1)]
    public void A_tensor_of_a_type_that_is_not_read_does_no_harm_until_it_is_asked_for(string type, int bytes)
    {
        string header =
            $$$"""{"w":{"dtype":"{{{type}}}","shape":[2],"data_offsets":[0,{{{bytes}}}]},"""
                + $$$""" "v":{"dtype":"F32","shape":[1],"data_offsets":[{{{bytes}}},{{{bytes + 4}}}]} }""";
        Write(Encoding.UTF8.GetByteCount(header), header, bytes + 4);
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);
        Assert.Equal(0, file.Read("v").item<float>());
        var error = Assert.Throws<InvalidDataException>(() => file.Read("w"));
        Assert.Equal(
            $"The tensor 'w' of '{FilePath}' has numbers of type {type}; only F32, F16, BF16, F64, I64, U8 are read.", error.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(long.MaxValue)]
    public void A_header_length_that_cannot_be_claims_no_memory(long length)
    {
        Write(length, "{}", 0);
        Fails($"it gives {length} bytes as the length of its header; expected 2 to 2");
    }

    [Fact]
    public void A_file_shorter_than_its_first_number_is_malformed()
    {
        File.WriteAllBytes(FilePath, [1, 2, 3]);
        Fails("it has 3 bytes");
    }

    private void Fails(string message)
    {
        var error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(FilePath).Dispose());
        Assert.Contains($"'{FilePath}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private void Write(long length, string header, int dataLength)
    {
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, length);
        File.WriteAllBytes(FilePath, [.. prefix, .. Encoding.UTF8.GetBytes(header), .. new byte[dataLength]]);
    }
}
