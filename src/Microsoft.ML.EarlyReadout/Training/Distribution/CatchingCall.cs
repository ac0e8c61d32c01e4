using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Calls C++ functions of libtorch so that what they throw comes back as a code: an exception that reaches .NET would end the process.
/// </summary>
/// <remarks>
/// libtorch's C function torch_parallel_for calls a function of three arguments within a try block. The few instructions here, that
/// function, load up to five arguments from memory and jump on, so that on the stack there is nothing between the try block and what
/// throws.
/// </remarks>
internal static unsafe class CatchingCall
{
    // f(begin: rdi, end: rsi, context: rdx) of the System V convention; the context holds the target and its arguments.
    private static ReadOnlySpan<byte> Code =>
    [
        0x48, 0x89, 0xD0, // mov rax, rdx
        0x48, 0x8B, 0x78, 0x08, // mov rdi, [rax + 8]
        0x48, 0x8B, 0x70, 0x10, // mov rsi, [rax + 16]
        0x48, 0x8B, 0x50, 0x18, // mov rdx, [rax + 24]
        0x48, 0x8B, 0x48, 0x20, // mov rcx, [rax + 32]
        0x4C, 0x8B, 0x40, 0x28, // mov r8, [rax + 40]
        0xFF, 0x20, // jmp [rax]
    ];

    private static readonly Lazy<nint> _code = new(() => LibC.MapCode(Code));

    /// <summary>Calls a function that gives nothing back.</summary>
    /// <param name="parallelFor">libtorch's torch_parallel_for.</param>
    /// <param name="target">The function.</param>
    /// <param name="arguments">Up to five, each a pointer or a whole number.</param>
    /// <returns>Whether it threw nothing. What it threw is on the standard error output.</returns>
    /// <exception cref="DistributedTrainingException">The system lets no code be made.</exception>
    public static bool Try(nint parallelFor, nint target, params ReadOnlySpan<nint> arguments)
    {
        nint code = _code.Value;
        if (code == 0)
            throw new DistributedTrainingException("This system does not let a process make code, which training over ranks needs.");
        nint* context = stackalloc nint[6];
        new Span<nint>(context, 6).Clear();
        context[0] = target;
        arguments.CopyTo(new Span<nint>(context + 1, 5));
        // one round, so that it runs on this thread
        return ((delegate* unmanaged<long, long, long, nint, nint*, int>)parallelFor)(0, 1, 1, code, context) == 0;
    }
}
