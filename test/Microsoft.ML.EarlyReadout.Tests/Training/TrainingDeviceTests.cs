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
        var chosen = TrainingDevice.Choose(name, cudaDevices);
        Assert.Equal(type, chosen.Device.type);
        Assert.Equal(index, chosen.Device.index);
        Assert.StartsWith(type == DeviceType.CPU ? "device cpu" : $"device cuda:{index}", chosen.Description);
    }

    [Theory]
    [InlineData("cuda", 0, "there is cpu (")]
    [InlineData("cuda:3", 2, "there is cpu, cuda:0, cuda:1 (")]
    public void A_device_that_is_not_there_is_an_error_that_lists_those_that_are(string name, int cudaDevices, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() => TrainingDevice.Choose(name, cudaDevices));
        Assert.Contains($"'{name}' does not exist here; {expected}", error.Message);
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
        Assert.Contains("auto, cpu, cuda, cuda:0", Assert.Throws<ArgumentException>(() => TrainingDevice.Choose(name, 4)).Message);
    }

    [Fact]
    public void Auto_finds_a_device_on_this_machine() =>
        Assert.Equal(torch.cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, TrainingDevice.Choose("auto").Device.type);
}
