using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

public sealed class TrainingDeviceTests
{
    [Theory]
    [InlineData("auto", 0, DeviceType.CPU, -1)]
    [InlineData("auto", 2, DeviceType.CUDA, 0)]
    [InlineData("cpu", 2, DeviceType.CPU, -1)]
    [InlineData("cuda", 1, DeviceType.CUDA, 0)]
    [InlineData("cuda:1", 2, DeviceType.CUDA, 1)]
    public void A_name_chooses_its_device(string name, int cudaDevices, DeviceType type, int index)
    {
        var chosen = TrainingDevice.Choose(name, cudaDevices, hasCuda: cudaDevices > 0);
        Assert.Equal(type, chosen.Device.type);
        Assert.Equal(index, chosen.Device.index);
        Assert.StartsWith(type == DeviceType.CPU ? "device cpu" : $"device cuda:{index}", chosen.Description);
    }

    [Theory]
    [InlineData(
        "cuda:3", 1, true, "Device 'cuda:3' does not exist here; there is cpu, cuda:0 (",
        "Set the option Device to one of these, or to 'auto'.")]
    [InlineData(
        "cuda:2", 2, true, "Device 'cuda:2' does not exist here; there is cpu, cuda:0, cuda:1 (",
        "Set the option Device to one of these, or to 'auto'.")]
    [InlineData(
        "cuda", 0, true, "Device 'cuda' needs an NVIDIA GPU, and libtorch finds none (", "nvidia-smi", "CUDA_VISIBLE_DEVICES",
        "set the option Device to 'cpu' or 'auto'.")]
    [InlineData(
        "cuda:0", 0, false, "Device 'cuda:0' needs a libtorch with CUDA, and this one has none (", "the package TorchSharp-cuda-linux",
        "MLSIEVE_LIBTORCH", "set the option Device to 'cpu' or 'auto'.")]
    public void A_device_that_is_not_there_is_an_error_that_names_what_to_change(
        string name, int cudaDevices, bool hasCuda, params string[] parts)
    {
        var error = Assert.Throws<ArgumentException>(() => TrainingDevice.Choose(name, cudaDevices, hasCuda));
        Assert.StartsWith(parts[0], error.Message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Auto_says_whether_it_was_the_libtorch_or_the_gpu_that_was_lacking()
    {
        Assert.StartsWith(
            "device cpu (auto; this libtorch has no CUDA;", TrainingDevice.Choose("auto", 0, hasCuda: false).Description,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "device cpu (auto; this libtorch has CUDA, but finds no GPU;", TrainingDevice.Choose("auto", 0, hasCuda: true).Description,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_fit_says_once_in_the_log_which_device_auto_chose()
    {
        var ml = new MLContext(seed: 1);
        List<string> log = [];
        ml.Log += (_, message) => log.Add(message.Message);
        ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Epochs = 1 }).Fit(BiasedRow.View(ml, 60)).Dispose();
        Assert.Single(log, line => line.Contains("device ", StringComparison.Ordinal) && line.Contains("(auto;", StringComparison.Ordinal));
    }

    [Fact]
    public void A_fit_on_a_device_that_is_not_there_fails_before_it_reads_a_row()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "This machine has a GPU.");
        var ml = new MLContext(seed: 1);
        IDataView unread = ml.Data.LoadFromEnumerable(Unread());
        var error = Assert.Throws<ArgumentException>(
            () => ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Device = "cuda" }).Fit(unread));
        Assert.StartsWith("Device 'cuda' needs a", error.Message, StringComparison.Ordinal);

        static IEnumerable<KeyedRow> Unread()
        {
            yield return Assert.IsType<KeyedRow>(null);
        }
    }

    private sealed class KeyedRow
    {
        [KeyType(2)]
        public uint Label { get; set; }
        [VectorType(4)]
        public float[] Features { get; set; } = [];
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1 ")]
    [InlineData("cuda:99999999999")]
    public void What_is_not_a_device_is_an_error_that_says_what_is(string name)
    {
        Assert.False(TrainingDevice.IsName(name));
        Assert.Contains(
            "auto, cpu, cuda, cuda:0", Assert.Throws<ArgumentException>(() => TrainingDevice.Choose(name, 4, hasCuda: true)).Message);
    }

    [Fact]
    public void Auto_finds_a_device_on_this_machine() =>
        Assert.Equal(torch.cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, TrainingDevice.Choose("auto").Device.type);
}
