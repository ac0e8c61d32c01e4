using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A session's hold on the memory in which all scoring sessions of the process compute. An arena for each session, which is ONNX
/// Runtime's default, keeps what the session's largest batch took: tens of MiB for each model that a search keeps.</summary>
/// <remarks>The arena is there while a session has it: the last one to let go, or its finalizer, frees it.</remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class SharedArena : SafeHandle
{
    private static readonly Lock Counting = new();
    private static int _holders;

    /// <summary>Takes hold of the arena, before the first session that computes in it is opened.</summary>
    public SharedArena()
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        lock (Counting)
        {
            if (_holders == 0)
            {
                // It grows by doubling, as a session's own: by exact sizes, batches that grow row by row would each leave a piece.
                using var growth = new OrtArenaCfg(0, -1, -1, -1);
                OrtEnv.Instance().CreateAndRegisterAllocator(Memory, growth);
            }

            _holders++;
            SetHandle(0);
        }
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>The memory that the arena serves, by which ONNX Runtime knows it.</summary>
    internal static OrtMemoryInfo Memory { get; } = new("Cpu", OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);

    /// <summary>Lets a session that is opened with these options compute in the arena.</summary>
    public static void Serve(SessionOptions options)
    {
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        // Weights stay as long as their model: in the arena they would stand between what batches give back.
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
    }

    protected override bool ReleaseHandle()
    {
        lock (Counting)
        {
            if (--_holders > 0) return true;
            try
            {
                OrtEnv.Instance().UnregisterAllocator(Memory);
                return true;
            }
            catch (OnnxRuntimeException)
            {
                return false; // other code of the process has let it go already; to throw here could end the process
            }
        }
    }
}
