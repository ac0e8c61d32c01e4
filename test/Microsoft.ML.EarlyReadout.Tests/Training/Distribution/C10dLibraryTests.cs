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
        Assert.Equal(14, names.Count);
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
        nint options = TcpStoreOptions.Create(1, isServer: false, TimeSpan.FromMilliseconds(100));
        Assert.False(c10d.Try(c10d.CreateStore, (nint)CxxObjects.Allocate(4096), CxxObjects.Text("no.such.host.invalid"), options));
    }

    [Theory]
    [InlineData("port", "66 C7 02 00 00")] // mov word [rdx], 0
    [InlineData("server", "C6 42 02 00")] // mov byte [rdx + 2], 0
    [InlineData("timeout", "48 C7 42 20 E8 03 00 00")] // mov qword [rdx + 32], 1000
    public void A_store_whose_options_lie_elsewhere_is_refused(string field, string change)
    {
        // a constructor that finds what it finds where another layout has that field
        byte[] code = [.. Convert.FromHexString(change.Replace(" ", "", StringComparison.Ordinal)), .. Jump("_ZN4c10d8TCPStoreC1E")];
        C10dLibrary other = With("_ZN4c10d8TCPStoreC1E", LibC.MapCode(code));
        var fault = Assert.Throws<DistributedTrainingException>(other.CheckLayouts);
        Assert.Contains("it reads the options of a store otherwise", fault.Message, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper!.WriteLine(field);
    }

    [Fact]
    public unsafe void Objects_that_count_their_references_elsewhere_are_refused()
    {
        C10dLibrary options = With(
            "_ZN4c10d16ProcessGroupGloo7Options14create_default", (nint)(delegate* unmanaged<byte**, long, void>)&Empty);
        C10dLibrary group = With("_ZN4c10d12ProcessGroupC1", (nint)(delegate* unmanaged<byte*, int, int, void>)&WithoutReferences);
        foreach (Action use in new Action[] { () => options.CreateOptions(TimeSpan.FromSeconds(1)), () => group.CreateProcessGroup(0, 1) })
        {
            var fault = Assert.Throws<DistributedTrainingException>(use);
            Assert.Contains("it counts the references to an object elsewhere", fault.Message, StringComparison.Ordinal);
        }
    }

    [UnmanagedCallersOnly]
    private static unsafe void Empty(byte** options, long timeout) => *options = CxxObjects.Allocate(64);

    // libtorch's constructor, and then as if its count were not where it is
    [UnmanagedCallersOnly]
    private static unsafe void WithoutReferences(byte* group, int rank, int count)
    {
        ulong before = *CxxObjects.References(group);
        ((delegate* unmanaged<byte*, int, int, void>)Find(Name("_ZN4c10d12ProcessGroupC1")))(group, rank, count);
        *CxxObjects.References(group) = before;
    }

    private static C10dLibrary With(string start, nint function) =>
        new(name => name.StartsWith(start, StringComparison.Ordinal) ? function : Find(name));

    private static string Name(string start)
    {
        string? found = null;
        _ = new C10dLibrary(name =>
        {
            if (name.StartsWith(start, StringComparison.Ordinal)) found = name;
            return Find(name);
        });
        return found!;
    }

    // mov rax, function; jmp rax
    private static byte[] Jump(string start) => [0x48, 0xB8, .. BitConverter.GetBytes((long)Find(Name(start))), 0xFF, 0xE0];

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
