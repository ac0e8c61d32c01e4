using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The check of the machine, on this one and on ones that lack something.</summary>
public sealed class MachineCheckTests
{
    [Fact]
    public void A_machine_that_trains_and_scores_has_facts_and_no_problem()
    {
        MachineCheck check = new MLContext().CheckMachine();

        Assert.Empty(check.Problems);
        Dictionary<string, string> facts = new(check.Facts);
        Assert.Matches(@"^\d+\.\d+\.\d+", facts["MLSieve"]);
        Assert.StartsWith("5.", facts["Microsoft.ML"], StringComparison.Ordinal);
        Assert.Contains("CPUExecutionProvider", facts["ONNX Runtime"], StringComparison.Ordinal);
        Assert.StartsWith($"{Environment.ProcessorCount} for this process", facts["Processors"], StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.StartsWith($"{LibTorchLocation.LibTorchVersion}, ", facts["libtorch"], StringComparison.Ordinal);
            Assert.Equal(NativeBackend.Description, facts["Loaded"]);
            Assert.Contains("/libgomp", facts["OpenMP"], StringComparison.Ordinal);
            Assert.Contains("glibc 2.", facts["System"], StringComparison.Ordinal);
        }

        string table = check.ToString();
        Assert.All(check.Facts, fact => Assert.Contains(fact.Value, table, StringComparison.Ordinal));
        Assert.EndsWith("No problems were found." + Environment.NewLine, table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_temporary_folder_that_cannot_be_made_is_a_problem_with_what_to_set()
    {
        string path = Path.Combine(typeof(MachineCheckTests).Assembly.Location, "tmp"); // below a file
        MachineCheck check = new MLContext { TempFilePath = path }.CheckMachine();
        IsAbout(path, "MLContext.TempFilePath", check);
        Assert.Contains("Problem 1 of 1: ", check.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_a_problem()
    {
        using var disk = new SmallDisk(kibibytes: 4);
        File.WriteAllBytes(Path.Combine(disk.Folder, "full"), new byte[4096]);
        IsAbout(disk.Folder, "cannot be written", new MLContext { TempFilePath = disk.Folder }.CheckMachine());
        Assert.Single(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    [Fact]
    public void A_disk_without_room_for_a_model_is_a_problem()
    {
        using var disk = new SmallDisk(kibibytes: 3 << 10);
        IsAbout(disk.Folder, "has 3 MiB free", new MLContext { TempFilePath = disk.Folder }.CheckMachine());
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    [Fact]
    public void A_temporary_folder_that_can_be_made_is_none_and_is_not_left_behind()
    {
        string path = Path.Combine(Path.GetTempPath(), $"mlsieve-check-{Guid.NewGuid():N}");
        Assert.Empty(new MLContext { TempFilePath = path }.CheckMachine().Problems);
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void A_temporary_folder_that_is_on_no_drive_is_no_problem()
    {
        Assert.SkipUnless(OperatingSystem.IsWindows(), "Only Windows has drives.");
        // As \\server\share is, which few machines have: .NET takes neither for a path of a drive.
        MachineCheck check = new MLContext { TempFilePath = @"\\?\" + Path.GetTempPath() }.CheckMachine();
        Assert.Empty(check.Problems);
        Assert.EndsWith(", room unknown", new Dictionary<string, string>(check.Facts)["Temporary folder"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_is_asked_for_and_cannot_score_is_a_problem()
    {
        Assert.SkipWhen(ScoringDevice.FaultOf(0) is null, "This machine scores on a GPU.");
        IsAbout("MLContext.GpuDeviceId is 0", "Microsoft.ML.OnnxRuntime.Gpu", new MLContext { GpuDeviceId = 0 }.CheckMachine());
        Assert.Empty(new MLContext { GpuDeviceId = 0, FallbackToCpu = true }.CheckMachine().Problems);
    }

    [Fact]
    public void Missing_native_libraries_are_problems_that_name_their_packages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the natives lie beside the program.");
        OwnProcess.RunWithoutNatives<Child>(nameof(Child.Lacks_all_native_libraries));
    }

    [Fact]
    public void A_named_folder_without_libtorch_is_a_problem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp loads libtorch itself.");
        OwnProcess.Run<Child>(nameof(Child.Is_told_a_bogus_folder), (LibTorchLocation.Variable, "/nowhere/torch/lib"));
    }

    private static void IsAbout(string what, string whatToDo, MachineCheck check)
    {
        string problem = Assert.Single(check.Problems);
        Assert.Contains(what, problem, StringComparison.Ordinal);
        Assert.Contains(whatToDo, problem, StringComparison.Ordinal);
    }

    /// <summary>The checks that run in another process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Lacks_all_native_libraries()
        {
            MachineCheck check = new MLContext().CheckMachine();
            Assert.Collection(
                check.Problems,
                problem => Assert.Contains("Add one of the packages libtorch-cpu-linux-x64", problem, StringComparison.Ordinal),
                problem => Assert.Contains("Reference the package Microsoft.ML.OnnxRuntime", problem, StringComparison.Ordinal),
                problem => Assert.Contains("SkiaSharp.NativeAssets.Linux.NoDependencies", problem, StringComparison.Ordinal));
            Assert.Equal("does not load", new Dictionary<string, string>(check.Facts)["libtorch"]);
        }

        [Fact(Explicit = true)]
        public void Is_told_a_bogus_folder()
        {
            MachineCheck check = new MLContext().CheckMachine();
            IsAbout("MLSIEVE_LIBTORCH names the folder '/nowhere/torch/lib'", "Add one of the packages", check);
            Assert.Contains(new(LibTorchLocation.Variable, "/nowhere/torch/lib"), check.Facts);
        }
    }
}
