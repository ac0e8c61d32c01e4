using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What libtorch, ONNX Runtime or .NET says when it does not get the memory that it asks for.</summary>
/// <param name="Requested">The bytes that it asked for; <see langword="null"/> where it does not say.</param>
/// <param name="FreeOnDevice">The GPU's memory that is free or libtorch's own, in bytes; <see langword="null"/> for the CPU.</param>
/// <param name="IsOnGpu">Whether it is a GPU's memory that does not suffice; <see langword="null"/> of ONNX Runtime where it says the same
/// of both.</param>
internal sealed partial record AllocationFailure(long? Requested, long? FreeOnDevice, bool? IsOnGpu)
{
    /// <summary>Reads a fault; <see langword="null"/> where it is of another kind.</summary>
    public static AllocationFailure? Of(Exception fault)
    {
        if (fault is OutOfMemoryException) return new(null, null, IsOnGpu: false);
        // TorchSharp's for every fault of libtorch; ONNX Runtime's
        if (fault is not (ExternalException or OnnxRuntimeException)) return null;
        if (Cpu().Match(fault.Message) is { Success: true } cpu)
        {
            string digits = cpu.Groups[1].Value + cpu.Groups[2].Value;
            bool isTold = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes);
            return new(isTold ? bytes : null, null, IsOnGpu: fault is OnnxRuntimeException ? null : false);
        }

        if (!Cuda().IsMatch(fault.Message)) return null;
        long?[] free = [.. FreePattern().Matches(fault.Message).Select(match => Bytes(match))];
        return new(
            RequestedPattern().Match(fault.Message) is { Success: true } requested ? Bytes(requested) : null,
            free.Length == 0 ? null : free.Sum(), IsOnGpu: true);
    }

    private static long? Bytes(Match match)
    {
        double number = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return (long)(number * match.Groups[2].Value switch
        {
            "KiB" => 1L << 10,
            "MiB" => 1L << 20,
            "GiB" => 1L << 30,
            "TiB" => 1L << 40,
            _ => 1,
        });
    }

    [GeneratedRegex(@"DefaultCPUAllocator: (?:can't allocate memory|not enough memory): you tried to allocate (\d+) bytes|"
        + @"Failed to allocate memory for requested buffer of size (\d+)|std::bad_alloc|bad allocation")]
    private static partial Regex Cpu();

    [GeneratedRegex("CUDA out of memory|CUDA failure 2: out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED")]
    private static partial Regex Cuda();

    [GeneratedRegex(@"Tried to allocate ([\d.]+) (\w+)")]
    private static partial Regex RequestedPattern();

    // "… has a total capacity of 79.11 GiB of which 5.06 GiB is free. … Of the allocated memory 70.00 GiB is allocated by PyTorch, and 1.00
    // GiB is reserved by PyTorch but unallocated."
    [GeneratedRegex(@"([\d.]+) (\w+) is (?:free|allocated by PyTorch|reserved by PyTorch but unallocated)")]
    private static partial Regex FreePattern();
}
