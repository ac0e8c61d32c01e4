using System.Text;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Files that people give for weights: the error says what the file is, and how to make a safetensors file of it.</summary>
public sealed class ForeignWeightsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("foreign-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(
        "torch.pt", "it is a PyTorch file (.pt, .pth: a pickle in a zip archive). Convert it with Python",
        "d = torch.load('torch.pt', map_location='cpu', weights_only=True);")]
    [InlineData(
        "torch_before_1_6.pt", "it is a Python pickle, as torch.save wrote before PyTorch 1.6", "torch.load('torch_before_1_6.pt', ")]
    [InlineData("torchscript.pt", "it is a TorchScript program", "d = torch.jit.load('torchscript.pt', map_location='cpu').state_dict();")]
    [InlineData("numpy.npz", "it is a NumPy archive (.npz)", "save_file(dict(numpy.load('numpy.npz')), 'weights.safetensors')")]
    [InlineData("numpy.npy", "it is a NumPy array (.npy)", "safetensors.numpy.save_file")]
    [InlineData("model.onnx", "it is an ONNX model", "onnx.load('model.onnx').graph.initializer")]
    public void What_Python_writes_is_told_apart_with_the_line_that_converts_it(string file, string what, string command)
    {
        string message = Refused(Golden.Path(Path.Combine("foreign", file)));
        Assert.Contains($"' is not a safetensors file: {what}", message, StringComparison.Ordinal);
        Assert.Contains(command, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 46827520\n",
        "it is a Git LFS pointer, not the file itself. Run 'git lfs pull'")]
    [InlineData("\n  <!DOCTYPE html><html><title>Sign in</title></html>", "it is a web page (HTML)")]
    [InlineData("\ufeff<HTML lang=\"en\">", "it is a web page (HTML)")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "it is an XML text")]
    [InlineData("{\"weight_map\": {\"a.weight\": \"model-00001.safetensors\", \"b.weight\": \"model-00002.safetensors\", \"c\": "
        + "\"model-00001.safetensors\"}}",
        "it is the index of weights in 2 files ('model-00001.safetensors', 'model-00002.safetensors')")]
    [InlineData("{\"architectures\": [\"ResNet\"]}", "it is a JSON text, without any weights")]
    [InlineData("PK\u0003\u0004 cut short", "it is a zip archive that is damaged or cut short")]
    [InlineData("GGUF\u0003", "it is a GGUF file")]
    [InlineData("BZh91AY", "it is compressed (bzip2). Unpack it (bunzip2)")]
    public void A_file_of_another_kind_is_told_apart(string content, string what) => Contains(Encoding.UTF8.GetBytes(content), what);

    [Theory]
    [InlineData("1F8B080000000000", "it is compressed (gzip). Unpack it (gunzip)")]
    [InlineData("28B52FFD0000", "it is compressed (zstd)")]
    [InlineData("FD377A585A000000", "it is compressed (xz)")]
    [InlineData("894844460D0A1A0A00000000", "it is an HDF5 file, as Keras writes weights")]
    [InlineData("1C00000054464C3300000000", "it is a TensorFlow Lite model")]
    public void So_is_one_of_other_bytes(string content, string what) => Contains(Convert.FromHexString(content), what);

    [Fact]
    public void A_folder_is_told_apart_before_training()
    {
        var error = Assert.Throws<ArgumentException>(() => NetworkFactory.Create(
            new NetworkOptions { WeightsPath = _folder }, FeatureShape.Image(3, 8, 8), PixelRange.Bytes, classes: 2, seed: 1, _ => { }));
        Assert.Contains($"Network.WeightsPath is '{_folder}', which is a folder", error.Message, StringComparison.Ordinal);
    }

    private void Contains(byte[] content, string what)
    {
        string path = Path.Combine(_folder, "weights.safetensors");
        File.WriteAllBytes(path, content);
        Assert.Contains(what, Refused(path), StringComparison.Ordinal);
    }

    private static string Refused(string path)
    {
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path).Dispose()).Message;
        Assert.StartsWith($"'{path}' is not a safetensors file: ", message, StringComparison.Ordinal);
        return message;
    }
}
