using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

public sealed class AllocationFailureTests
{
    [Fact]
    public void What_libtorch_says_on_the_cpu_is_read()
    {
        NativeBackend.EnsureLoaded();
        const long bytes = 1L << 50;
        var fault = Assert.ThrowsAny<ExternalException>(() => torch.empty(bytes, torch.ScalarType.Byte));
        Assert.Equal(new AllocationFailure(bytes, null, IsOnGpu: false), AllocationFailure.Of(fault));
        Assert.Null(AllocationFailure.Of(new InvalidOperationException(fault.Message)));
    }

#pragma warning disable CA2201 // TorchSharp throws it
    [Fact]
    public void What_libtorch_says_on_a_gpu_is_read() => Assert.Equal(
        new AllocationFailure(20L << 30, (5L << 30) + (70L << 30) + (512L << 20), IsOnGpu: true),
        AllocationFailure.Of(
            new ExternalException(
                "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.11 GiB of which 5.00 GiB is free. "
                    + "Process 7 has 74.00 GiB memory "
                    + "in use. Of the allocated memory 70.00 GiB is allocated by PyTorch, and 512.00 MiB is reserved by PyTorch but "
                    + "unallocated. If reserved but unallocated memory is large try setting …")));

    [Fact]
    public void What_onnx_runtime_says_on_a_gpu_is_read() => Assert.Equal(
        new AllocationFailure(null, null, IsOnGpu: true),
        AllocationFailure.Of(new ExternalException("CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc(…); ")));
#pragma warning restore CA2201

    [Fact]
    public void Other_faults_are_no_lack_of_memory()
    {
        NativeBackend.EnsureLoaded();
        using torch.Tensor two = torch.ones(2), three = torch.ones(3);
        Assert.Null(AllocationFailure.Of(Assert.ThrowsAny<ExternalException>(() => two.add(three))));
    }
}
