using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The C interface of NCCL, NVIDIA's library by which GPUs sum without going over the CPU, and what of libtorch's it needs. Not
/// yet run on a GPU: its names, versions and errors are tested.</summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>The variable that names the library, such as <c>libnccl.so.2</c>; where it is not set, sums go over the CPU.</summary>
    public const string Variable = "MLSIEVE_NCCL";

    private const int OldestVersion = 21000; // 2.10, the first with bfloat16
    private const int FirstOfFiveDigits = 10000; // 2.9 writes its version as 20900, 2.8 as 2800

    // ncclResult_t
    private static readonly string[] _results =
    [
        "ncclSuccess", "ncclUnhandledCudaError", "ncclSystemError", "ncclInternalError", "ncclInvalidArgument", "ncclInvalidUsage",
        "ncclRemoteError", "ncclInProgress",
    ];

    private readonly delegate* unmanaged<int, byte*> _getErrorString;
    private readonly delegate* unmanaged<UniqueId*, int> _getUniqueId;
    private readonly delegate* unmanaged<nint*, int, UniqueId, int, int> _initRank;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<nint, int> _abort;
    private readonly delegate* unmanaged<int, nint*, int> _createGuard;
    private readonly delegate* unmanaged<nint, int> _deleteGuard;
    private readonly delegate* unmanaged<int, nint*, int> _getStream;
    private readonly delegate* unmanaged<nint, nint*, int> _getData;

    /// <summary>Finds the functions.</summary>
    /// <param name="name">What NCCL is called in messages.</param>
    /// <param name="find">The address of a name that NCCL or libtorch exports, or 0.</param>
    /// <exception cref="DistributedTrainingException">One is missing, or NCCL is too old.</exception>
    public NcclLibrary(string name, Func<string, nint> find)
    {
        List<string> missing = [];
        var getVersion = (delegate* unmanaged<int*, int>)Find("ncclGetVersion");
        _getErrorString = (delegate* unmanaged<int, byte*>)Find("ncclGetErrorString");
        _getUniqueId = (delegate* unmanaged<UniqueId*, int>)Find("ncclGetUniqueId");
        _initRank = (delegate* unmanaged<nint*, int, UniqueId, int, int>)Find("ncclCommInitRank");
        _allReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Find("ncclAllReduce");
        _abort = (delegate* unmanaged<nint, int>)Find("ncclCommAbort");
        _createGuard = (delegate* unmanaged<int, nint*, int>)Find("aoti_torch_create_cuda_guard");
        _deleteGuard = (delegate* unmanaged<nint, int>)Find("aoti_torch_delete_cuda_guard");
        _getStream = (delegate* unmanaged<int, nint*, int>)Find("aoti_torch_get_current_cuda_stream");
        _getData = (delegate* unmanaged<nint, nint*, int>)Find("aoti_torch_get_data_ptr");
        if (missing.Count > 0) throw Refusal(name, $"it and libtorch lack {string.Join(", ", missing)}");
        int version;
        Check(getVersion(&version), "tell its version");
        Version = version < FirstOfFiveDigits
            ? FormattableString.Invariant($"{version / 1000}.{version / 100 % 10}.{version % 100}")
            : FormattableString.Invariant($"{version / 10000}.{version / 100 % 100}.{version % 100}");
        if (version < OldestVersion) throw Refusal(name, $"it is NCCL {Version}, and 2.10 is the oldest that serves");

        nint Find(string export)
        {
            nint address = find(export);
            if (address == 0) missing.Add(export);
            return address;
        }
    }

    /// <summary>Loads NCCL.</summary>
    /// <param name="name">The file, or a name by which the system finds it.</param>
    /// <exception cref="DistributedTrainingException">It is not there or another library, or libtorch has no CUDA.</exception>
    public static NcclLibrary Load(string name)
    {
        NativeBackend.EnsureLoaded();
        nint library;
        try
        {
            library = NativeLibrary.Load(name);
        }
        catch (Exception fault) when (fault is DllNotFoundException or BadImageFormatException)
        {
            throw Refusal(name, $"the system does not load it: {fault.Message.Trim()}");
        }

        nint[] libraries = [library, NativeBackend.TorchCuda, NativeBackend.TorchCpu];
        return new NcclLibrary(name, export =>
        {
            foreach (nint each in libraries.Where(each => each != 0))
                if (NativeLibrary.TryGetExport(each, export, out nint address)) return address;
            return 0;
        });
    }

    /// <summary>NCCL's version.</summary>
    public string Version { get; }

    /// <summary>Draws what a group of ranks knows itself by.</summary>
    public byte[] DrawId()
    {
        UniqueId id;
        Check(_getUniqueId(&id), "draw an id");
        return new ReadOnlySpan<byte>(id.Bytes, UniqueId.Size).ToArray();
    }

    /// <summary>Joins the ranks, by the GPU that is current.</summary>
    /// <param name="id">What rank 0 has drawn.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="count">The number of ranks.</param>
    /// <returns>The communicator.</returns>
    public nint Join(byte[] id, int rank, int count)
    {
        UniqueId own;
        id.CopyTo(new Span<byte>(own.Bytes, UniqueId.Size));
        nint communicator;
        Check(_initRank(&communicator, count, own, rank), "join the ranks");
        return communicator;
    }

    /// <summary>Queues the sum of all ranks' numbers, in place, on the GPU's current stream; waits for nothing.</summary>
    /// <param name="tensor">libtorch's handle of a contiguous tensor.</param>
    /// <param name="count">Its numbers.</param>
    /// <param name="type">Their type.</param>
    /// <param name="device">The GPU.</param>
    /// <param name="communicator">The communicator.</param>
    public void Sum(nint tensor, long count, ScalarType type, int device, nint communicator)
    {
        nint data, stream;
        CheckTorch(_getData(tensor, &data));
        CheckTorch(_getStream(device, &stream));
        const int sum = 0; // ncclRedOp_t
        Check(_allReduce(data, data, (nuint)count, NumberOf(type), sum, communicator, stream), "sum");
    }

    /// <summary>Does something while a GPU is the thread's current one.</summary>
    public void On(int device, Action work)
    {
        nint guard;
        CheckTorch(_createGuard(device, &guard));
        try
        {
            work();
        }
        finally
        {
            _ = _deleteGuard(guard);
        }
    }

    /// <summary>Ends a communicator, and what it still waits for.</summary>
    public void Abort(nint communicator) => _ = _abort(communicator);

    // ncclDataType_t
    private static int NumberOf(ScalarType type) => type switch
    {
        ScalarType.Int8 => 0,
        ScalarType.Byte => 1,
        ScalarType.Int32 => 2,
        ScalarType.Int64 => 4,
        ScalarType.Float16 => 6,
        ScalarType.Float32 => 7,
        ScalarType.Float64 => 8,
        ScalarType.BFloat16 => 9,
        _ => throw new ArgumentException($"NCCL sums no numbers of type {type}.", nameof(type)),
    };

    private void Check(int result, string what)
    {
        if (result == 0) return;
        string name = result > 0 && result < _results.Length ? _results[result] : "unknown";
        string? reason = Marshal.PtrToStringUTF8((nint)_getErrorString(result));
        throw new DistributedTrainingException(
            $"NCCL could not {what}: {name} ({result}), {reason}. NCCL_DEBUG=WARN in the environment makes it say more. Without "
                + $"{Variable} sums go over the CPU.");
    }

    private static void CheckTorch(int result)
    {
        if (result == 0) return;
        throw new DistributedTrainingException(
            $"libtorch's CUDA fails when ranks sum; its reason is on the standard error output. Without {Variable} sums go over the CPU.");
    }

    private static DistributedTrainingException Refusal(string name, string why) => new(
        $"{Variable} is '{Excerpt.Of(name)}', and {why}. Set it to the NCCL that belongs to a libtorch with CUDA, such as libnccl.so.2; "
            + "without it sums go over the CPU.");

    /// <summary>ncclUniqueId, which is passed by value.</summary>
    internal struct UniqueId
    {
        public const int Size = 128;

        public fixed byte Bytes[Size];
    }
}
