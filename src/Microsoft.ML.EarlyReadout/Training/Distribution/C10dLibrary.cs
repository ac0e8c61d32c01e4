using System.Runtime.InteropServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The functions of libtorch's process groups (c10d) by which ranks meet and sum: C++ names, as libtorch 2.10 for Linux exports them.
/// </summary>
/// <remarks>Everything that another libtorch may have changed is looked at here, before a rank is waited for.</remarks>
internal sealed unsafe class C10dLibrary
{
    private const string Text = "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";
    private const string StorePointer =
        "N3c1013intrusive_ptrINS_5StoreENS1_6detail34intrusive_target_default_null_typeIS3_EEEE";

    /// <summary>The version whose names and layouts these are.</summary>
    public const string Version = "2.10";

    private const string OtherReferences = "counts the references to an object elsewhere";

    private readonly Func<string, nint> _find;
    private readonly List<string> _missing = [];

    /// <summary>Finds the functions.</summary>
    /// <param name="find">The address of an exported name, or 0.</param>
    /// <exception cref="DistributedTrainingException">This libtorch is another one; the message says what it lacks.</exception>
    public C10dLibrary(Func<string, nint> find)
    {
        _find = find;
        ParallelFor = Find("torch_parallel_for");
        CreateStore = Find($"_ZN4c10d8TCPStoreC1E{Text}RKNS_15TCPStoreOptionsE");
        StoreAdd = Find($"_ZN4c10d8TCPStore3addERK{Text}l");
        StoreGet = Find($"_ZN4c10d8TCPStore3getERK{Text}");
        StoreTimeout = Find("_ZNK4c10d5Store10getTimeoutEv");
        DestroyStore = Find("_ZN4c10d8TCPStoreD1Ev");
        CreateGlooOptions = Find("_ZN4c10d16ProcessGroupGloo7Options14create_defaultENSt6chrono8durationIlSt5ratioILl1ELl1000EEEE");
        CreateGloo = Find($"_ZN4c10d16ProcessGroupGlooC1ERK{StorePointer}iiNS2_INS0_7OptionsENS5_ISA_EEEE");
        DestroyGloo = Find("_ZN4c10d16ProcessGroupGlooD1Ev");
        CreateGroup = Find("_ZN4c10d12ProcessGroupC1Eii");
        RegisterGroup = Find(
            $"_ZN4c10d22register_process_groupERK{Text}RKN3c1013intrusive_ptrINS_12ProcessGroupENS8_6detail34"
                + "intrusive_target_default_null_typeISA_EEEE");
        AllReduce = Find("aoti_torch_cpu__c10d_functional_all_reduce_");
        Wait = Find("aoti_torch_cpu__c10d_functional_wait_tensor");
        DeleteTensor = Find("aoti_torch_delete_tensor_object");
        if (_missing.Count > 0) throw Refusal($"lacks {string.Join(", ", _missing)}");
    }

    /// <summary>The loaded libtorch's.</summary>
    /// <exception cref="DistributedTrainingException">It has none of these functions, or others.</exception>
    public static C10dLibrary Load()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new DistributedTrainingException(
                "Training over several processes needs Linux on x64. Set Distribution to Off to train in this process alone.");
        }

        nint library = NativeBackend.TorchCpu;
        var loaded = new C10dLibrary(name => NativeLibrary.TryGetExport(library, name, out nint address) ? address : 0);
        loaded.CheckLayouts();
        return loaded;
    }

    public nint ParallelFor { get; }

    public nint CreateStore { get; }

    public nint StoreAdd { get; }

    public nint StoreGet { get; }

    public nint StoreTimeout { get; }

    public nint DestroyStore { get; }

    public nint CreateGlooOptions { get; }

    public nint CreateGloo { get; }

    public nint DestroyGloo { get; }

    public nint CreateGroup { get; }

    public nint RegisterGroup { get; }

    public nint AllReduce { get; }

    public nint Wait { get; }

    public nint DeleteTensor { get; }

    /// <summary>Calls a C++ function; <see langword="false"/> where it throws.</summary>
    public bool Try(nint function, params ReadOnlySpan<nint> arguments) => CatchingCall.Try(ParallelFor, function, arguments);

    /// <summary>Gloo's options, which live as long as the process.</summary>
    /// <param name="timeout">How long a rank waits for another.</param>
    /// <exception cref="DistributedTrainingException">There is no network interface, or references are not counted as they are known to
    /// be.</exception>
    public nint CreateOptions(TimeSpan timeout)
    {
        byte* options;
        if (!Try(CreateGlooOptions, (nint)(&options), (nint)(long)timeout.TotalMilliseconds))
        {
            throw new DistributedTrainingException(
                "Gloo finds no network interface. Set GLOO_SOCKET_IFNAME to one that the other machines reach (`ip addr` lists them). "
                    + "libtorch's reason is on the standard error output.");
        }

        if (*CxxObjects.References(options) != CxxObjects.OneReference) throw Refusal(OtherReferences);
        return (nint)options;
    }

    /// <summary>A process group of no backend yet.</summary>
    /// <exception cref="DistributedTrainingException">Its layout is not the one that is known.</exception>
    public ProcessGroupLayout CreateProcessGroup(int rank, int count)
    {
        byte* group = CxxObjects.Allocate(ProcessGroupLayout.Bytes);
        *CxxObjects.References(group) = ulong.MaxValue; // so that it shows that its constructor writes there
        if (!Try(CreateGroup, (nint)group, rank, count)) throw Refusal("makes no process group");
        var layout = new ProcessGroupLayout(group);
        if (layout.Fault is { } fault) throw Refusal(fault);
        if (*CxxObjects.References(group) != 0) throw Refusal(OtherReferences);
        CxxObjects.KeepForever(group);
        return layout;
    }

    /// <summary>Looks at the layouts of objects that are passed to libtorch, or changed behind its back.</summary>
    /// <exception cref="DistributedTrainingException">One is not as it is known.</exception>
    public void CheckLayouts()
    {
        CreateProcessGroup(0, 1);
        if (!GlooStore.Works(this)) throw Refusal("reads the options of a store otherwise");
    }


    private nint Find(string name)
    {
        nint address = _find(name);
        if (address == 0) _missing.Add(name);
        return address;
    }

    private static DistributedTrainingException Refusal(string what) => new(
        $"This libtorch is not the {Version} whose process groups this library knows: it {what}. Train with the libtorch that belongs to "
            + "this TorchSharp, or set Distribution to Off.");
}
