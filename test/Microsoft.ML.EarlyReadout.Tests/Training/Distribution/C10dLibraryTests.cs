using System.Runtime.InteropServices;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class C10dLibraryTests
{
    public C10dLibraryTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");

    [Fact]
    public void The_packaged_libtorch_has_every_name_and_the_layout() => Assert.NotEqual(0, Loaded().CreateGloo);

    [Fact]
    public void Each_name_that_a_libtorch_lacks_is_refused_by_name()
    {
        var names = new List<string>();
        _ = new C10dLibrary(name =>
        {
            names.Add(name);
            return Find(name);
        });
        Assert.Equal(12, names.Count);
        Assert.All(names, missing =>
        {
            var fault = Assert.Throws<DistributedTrainingException>(() => new C10dLibrary(name => name == missing ? 0 : Find(name)));
            Assert.Equal(
                $"This libtorch is not the 2.10 whose process groups this library knows: it lacks {missing}. Train with the libtorch that "
                    + "belongs to this TorchSharp, or set Distribution to Off.",
                fault.Message);
        });
    }

    [Fact]
    public void A_process_group_of_another_layout_is_refused()
    {
        // a constructor that leaves the object as it is: empty, so that its map is not where it should be
        nint nothing = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "getpid");
        var other = new C10dLibrary(name => name.StartsWith("_ZN4c10d12ProcessGroupC1", StringComparison.Ordinal) ? nothing : Find(name));
        var fault = Assert.Throws<DistributedTrainingException>(() => other.CreateProcessGroup(0, 1));
        Assert.Contains("keeps the backends of a process group elsewhere", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void What_a_function_throws_comes_back_and_ends_no_process()
    {
        // the store's key is no text: libtorch's constructor finds no such host, and throws
        C10dLibrary c10d = Loaded();
        byte* options = CxxObjects.Allocate(64);
        *(ushort*)options = 1;
        *(long*)(options + 32) = 100;
        options[52] = 1;
        Assert.False(c10d.Try(c10d.CreateStore, (nint)CxxObjects.Allocate(4096), CxxObjects.Text("no.such.host.invalid"), (nint)options));
    }

    private static C10dLibrary Loaded()
    {
        NativeBackend.EnsureLoaded();
        return C10dLibrary.Load();
    }

    private static nint Find(string name)
    {
        NativeBackend.EnsureLoaded();
        return NativeLibrary.TryGetExport(NativeBackend.TorchCpu, name, out nint address) ? address : 0;
    }
}
