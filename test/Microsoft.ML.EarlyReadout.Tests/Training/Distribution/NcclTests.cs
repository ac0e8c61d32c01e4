using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What ranks ask of NCCL, seen by functions that stand in for it: there is no GPU here.</summary>
public sealed unsafe class NcclTests
{
    private const string Without = "without it sums go over the CPU.";
    private const int Id = 0x5A, Communicator = 77, Stream = 99, Device = 3;

    private static readonly List<string> _calls = [];
    private static int _version = 22703;
    private static int _result;

    public NcclTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");
        NativeBackend.EnsureLoaded();
        _calls.Clear();
        (_version, _result) = (22703, 0);
    }

    [Fact]
    public void A_library_that_is_not_there_is_named()
    {
        string message = Assert.Throws<DistributedTrainingException>(() => NcclLibrary.Load("libnccl-nowhere.so.2")).Message;
        Assert.StartsWith("MLSIEVE_NCCL is 'libnccl-nowhere.so.2', and the system does not load it: ", message, StringComparison.Ordinal);
        Assert.EndsWith(Without, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_not_nccl_and_a_libtorch_without_cuda_are_refused_by_the_names_that_they_lack()
    {
        Assert.SkipWhen(NativeBackend.HasCuda, "This libtorch has CUDA.");
        string message = Assert.Throws<DistributedTrainingException>(() => NcclLibrary.Load("libc.so.6")).Message;
        Assert.Equal(
            "MLSIEVE_NCCL is 'libc.so.6', and it and libtorch lack ncclGetVersion, ncclGetErrorString, ncclGetUniqueId, ncclCommInitRank, "
                + "ncclAllReduce, ncclCommAbort, aoti_torch_create_cuda_guard, aoti_torch_delete_cuda_guard, "
                + "aoti_torch_get_current_cuda_stream. Set it to the NCCL that belongs to a libtorch with CUDA, such as libnccl.so.2; "
                + Without,
            message);
    }

    [Theory]
    [InlineData(2708, "2.7.8")]
    [InlineData(20906, "2.9.6")]
    public void A_version_that_is_too_old_is_refused(int code, string version)
    {
        _version = code;
        string message = Assert.Throws<DistributedTrainingException>(StandIn).Message;
        Assert.StartsWith(
            $"MLSIEVE_NCCL is 'stand-in', and it is NCCL {version}, and 2.10 is the oldest that serves.", message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "ncclUnhandledCudaError")]
    [InlineData(2, "ncclSystemError")]
    [InlineData(3, "ncclInternalError")]
    [InlineData(4, "ncclInvalidArgument")]
    [InlineData(5, "ncclInvalidUsage")]
    [InlineData(6, "ncclRemoteError")]
    [InlineData(7, "ncclInProgress")]
    [InlineData(8, "unknown")]
    public void An_error_of_nccl_has_its_name_its_number_and_its_text(int result, string name)
    {
        NcclLibrary nccl = StandIn();
        _result = result;
        Assert.Equal(
            $"NCCL could not draw an id: {name} ({result}), as NCCL says. NCCL_DEBUG=WARN in the environment makes it say more. Without "
                + "MLSIEVE_NCCL sums go over the CPU.",
            Assert.Throws<DistributedTrainingException>(nccl.DrawId).Message);
    }

    [Fact]
    public void Ranks_join_by_the_id_of_the_first_at_the_first_sum_and_sum_in_place_on_the_current_stream()
    {
        var ranks = (NcclGroup)NcclGroup.Over(RankGroup.Single, StandIn());
        using Tensor numbers = ones(5), more = ones(2, ScalarType.BFloat16);
        ranks.SumOn(Device, numbers);
        ranks.SumOn(Device, more);
        ranks.Leave();
        Assert.Equal(
            [
                "guard 3", "id", "join 0 of 1 by 128 times 90", "sum of 5 of type 7, operation 0, communicator 77, stream 99", "unguard",
                "guard 3", "sum of 2 of type 9, operation 0, communicator 77, stream 99", "unguard",
                "abort 77",
            ],
            _calls);
        Assert.Equal([2f, 2, 2, 2, 2], numbers.data<float>().ToArray()); // which stands for two ranks' sum
    }

    [Fact]
    public void A_failed_sum_lets_the_gpu_go_and_what_is_on_the_cpu_is_summed_as_the_ranks_met()
    {
        var ranks = (NcclGroup)NcclGroup.Over(RankGroup.Single, StandIn());
        using Tensor numbers = ones(5);
        ranks.Sum(numbers);
        Assert.Empty(_calls);
        _result = 3;
        Assert.Throws<DistributedTrainingException>(() => ranks.SumOn(Device, numbers));
        Assert.Equal(["guard 3", "id", "unguard"], _calls);
    }

    [Fact]
    public void A_rank_without_a_gpu_among_them_is_refused()
    {
        RankGroup ranks = NcclGroup.Over(RankGroup.Single, StandIn());
        Assert.Equal(
            "MLSIEVE_NCCL is set, and rank 0 of 1 trains on the CPU. Give each rank a GPU, or unset MLSIEVE_NCCL in all of them.",
            Assert.Throws<DistributedTrainingException>(() => NcclGroup.RequireGpu(ranks, CPU)).Message);
        NcclGroup.RequireGpu(ranks, new Device(TorchSharp.DeviceType.CUDA, 0));
        NcclGroup.RequireGpu(NcclGroup.Over(RankGroup.Single, nccl: null), CPU);
    }

    private static NcclLibrary StandIn() => new("stand-in", name => name switch
    {
        "ncclGetVersion" => (nint)(delegate* unmanaged<int*, int>)&GetVersion,
        "ncclGetErrorString" => (nint)(delegate* unmanaged<int, byte*>)&GetErrorString,
        "ncclGetUniqueId" => (nint)(delegate* unmanaged<NcclLibrary.UniqueId*, int>)&GetUniqueId,
        "ncclCommInitRank" => (nint)(delegate* unmanaged<nint*, int, NcclLibrary.UniqueId, int, int>)&InitRank,
        "ncclAllReduce" => (nint)(delegate* unmanaged<float*, nint, nuint, int, int, nint, nint, int>)&AllReduce,
        "ncclCommAbort" => (nint)(delegate* unmanaged<nint, int>)&Abort,
        "aoti_torch_create_cuda_guard" => (nint)(delegate* unmanaged<int, nint*, int>)&CreateGuard,
        "aoti_torch_delete_cuda_guard" => (nint)(delegate* unmanaged<nint, int>)&DeleteGuard,
        "aoti_torch_get_current_cuda_stream" => (nint)(delegate* unmanaged<int, nint*, int>)&GetStream,
        _ => NativeLibrary.GetExport(NativeBackend.TorchCpu, name), // libtorch's own
    });

    [UnmanagedCallersOnly]
    private static int GetVersion(int* version)
    {
        *version = _version;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static byte* GetErrorString(int result) => (byte*)Marshal.StringToCoTaskMemUTF8("as NCCL says");

    [UnmanagedCallersOnly]
    private static int GetUniqueId(NcclLibrary.UniqueId* id)
    {
        _calls.Add("id");
        new Span<byte>(id->Bytes, NcclLibrary.UniqueId.Size).Fill(Id);
        return _result;
    }

    [UnmanagedCallersOnly]
    private static int InitRank(nint* communicator, int count, NcclLibrary.UniqueId id, int rank)
    {
        int same = new ReadOnlySpan<byte>(id.Bytes, NcclLibrary.UniqueId.Size).Count((byte)Id);
        _calls.Add($"join {rank} of {count} by {same} times {Id}");
        *communicator = Communicator;
        return _result;
    }

    [UnmanagedCallersOnly]
    private static int AllReduce(float* from, nint to, nuint count, int type, int operation, nint communicator, nint stream)
    {
        Assert.Equal(to, (nint)from);
        _calls.Add($"sum of {count} of type {type}, operation {operation}, communicator {communicator}, stream {stream}");
        for (nuint i = 0; type == 7 && i < count; i++) from[i] *= 2;
        return _result;
    }

    [UnmanagedCallersOnly]
    private static int Abort(nint communicator)
    {
        _calls.Add($"abort {communicator}");
        return _result;
    }

    [UnmanagedCallersOnly]
    private static int CreateGuard(int device, nint* guard)
    {
        _calls.Add($"guard {device}");
        *guard = 1;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int DeleteGuard(nint guard)
    {
        _calls.Add("unguard");
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int GetStream(int device, nint* stream)
    {
        *stream = device == Device ? Stream : 0;
        return 0;
    }
}
