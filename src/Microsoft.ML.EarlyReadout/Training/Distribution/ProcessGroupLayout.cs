namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A C++ layout that training over ranks relies on: where c10d::ProcessGroup keeps its map from devices to backends, in libtorch 2.10
/// with GCC's standard library. The function that would fill it, setBackend, is inline, so that no library exports it.
/// </summary>
/// <param name="group">A group as its constructor leaves it.</param>
internal readonly unsafe struct ProcessGroupLayout(byte* group)
{
    /// <summary>More than the object takes.</summary>
    public const int Bytes = 4096;

    // std::unordered_map: buckets, number of buckets, first node, number of nodes, growth, and a bucket for maps that are still small
    private const int Map = 0xC0, BucketCount = 8, First = 0x10, NodeCount = 0x18, MostLoad = 0x20, NextResize = 0x28, OwnBucket = 0x30;

    /// <summary>The group.</summary>
    public nint Group => (nint)group;

    /// <summary>What is not as it is known; <see langword="null"/> where all is.</summary>
    public string? Fault
    {
        get
        {
            byte* map = group + Map;
            bool isEmptyMap = *(nint*)map == (nint)(map + OwnBucket)
                && *(ulong*)(map + BucketCount) == 1
                && *(nint*)(map + First) == 0
                && *(ulong*)(map + NodeCount) == 0
                && *(float*)(map + MostLoad) == 1
                && *(ulong*)(map + NextResize) == 0
                && *(nint*)(map + OwnBucket) == 0;
            return isEmptyMap ? null : "keeps the backends of a process group elsewhere";
        }
    }

    /// <summary>Makes an object the backend of the CPU.</summary>
    /// <param name="backend">The object, which lives as long as the process.</param>
    public void SetCpuBackend(nint backend)
    {
        byte* map = group + Map;
        byte* node = CxxObjects.Allocate(32); // next, key (0: the CPU), backend, hash (0)
        *(nint*)(node + 16) = backend;
        *(nint*)(map + First) = (nint)node;
        *(ulong*)(map + NodeCount) = 1;
        **(nint**)map = (nint)(map + First);
    }
}
