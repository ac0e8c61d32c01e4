using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

public sealed class NativeBackendTests
{
    [Fact]
    public void Libtorch_loads_and_computes()
    {
        NativeBackend.EnsureLoaded();
        NativeBackend.EnsureLoaded();
        using var sum = torch.ones(2, 3).sum();
        Assert.Equal(6f, sum.item<float>());
        if (OperatingSystem.IsLinux())
            Assert.Contains("libtorch with", NativeBackend.Description);
    }

    [Fact]
    public void The_advice_names_the_libtorch_that_torchsharp_was_built_for() =>
        Assert.Equal(LibTorchLocation.LibTorchVersion, torch.NormalizeNuGetVersion(torch.__version__));

    [Fact]
    public void Torchsharp_does_not_copy_libtorch_beside_itself()
    {
        NativeBackend.EnsureLoaded();
        Assert.False(Directory.Exists(Path.Combine(Path.GetDirectoryName(typeof(torch).Assembly.Location)!, "cpu")));
        Assert.False(torch.TryInitializeDeviceType(DeviceType.CUDA) && !torch.cuda.is_available());
        Assert.Empty(Directory.GetDirectories(Path.GetDirectoryName(typeof(torch).Assembly.Location)!, "cuda-*"));
    }
}
