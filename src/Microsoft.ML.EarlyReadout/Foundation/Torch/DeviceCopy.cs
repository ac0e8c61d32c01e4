using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The way of numbers to a device, which nobody waits for: from pinned memory, in the order of the device's other work.</summary>
internal static class DeviceCopy
{
    /// <summary>Makes a tensor on the CPU that is filled and then sent.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="type">The type of its numbers.</param>
    /// <param name="target">Where it is sent.</param>
    public static Tensor Empty(long[] shape, ScalarType type, Device target)
    {
        Tensor made = empty(shape, type, CPU);
        if (target.type != DeviceType.CUDA) return made;
        using (made) return made.pin_memory();
    }

    /// <summary>The tensor on the device, in place of the one on the CPU.</summary>
    public static Tensor Send(Tensor onCpu, Device target)
    {
        if (target.type == DeviceType.CPU) return onCpu;
        using (onCpu)
        {
            if (target.type != DeviceType.CUDA) return onCpu.to(target, non_blocking: true);
            using Tensor pinned = onCpu.pin_memory(); // itself, where it is; libtorch keeps the memory until it is copied
            return pinned.to(target, non_blocking: true);
        }
    }

    /// <summary>Whole numbers on the device, (N). They belong to the caller's dispose scope.</summary>
    public static Tensor Send(ReadOnlySpan<long> numbers, Device target)
    {
        Tensor made = Empty([numbers.Length], ScalarType.Int64, target);
        numbers.CopyTo(MemoryMarshal.Cast<byte, long>(made.bytes));
        return Send(made, target);
    }

    /// <summary>Numbers on the device, (N). They belong to the caller's dispose scope.</summary>
    public static Tensor Send(ReadOnlySpan<float> numbers, Device target)
    {
        Tensor made = Empty([numbers.Length], ScalarType.Float32, target);
        numbers.CopyTo(MemoryMarshal.Cast<byte, float>(made.bytes));
        return Send(made, target);
    }
}
