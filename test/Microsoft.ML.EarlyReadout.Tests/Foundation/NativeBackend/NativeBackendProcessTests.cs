using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>What needs a process of its own, because libtorch loads once.</summary>
public sealed class NativeBackendProcessTests
{
    public NativeBackendProcessTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp loads libtorch itself.");

    [Fact]
    public void A_named_folder_without_libtorch_fails_with_its_name_and_no_500_megabytes_are_copied() =>
        Run(nameof(Child.Fails_for_a_bogus_folder), ("MLSIEVE_LIBTORCH", "/nowhere/torch/lib"));

    [Fact]
    public void An_app_without_libtorch_cannot_train_and_the_error_names_the_packages() =>
        OwnProcess.RunWithoutNatives<Child>(nameof(Child.Fails_without_libtorch));

    [Fact]
    public void A_named_folder_is_used_and_said() =>
        Run(
            nameof(Child.Loads_from_the_named_folder),
            ("MLSIEVE_LIBTORCH", LibTorchLocation.Find(typeof(torch).Assembly.GetName().Version!.ToString(3)).Folder));

    [Fact]
    public void Threads_that_touch_torchsharp_first_all_find_libtorch() => Run(nameof(Child.Touches_torchsharp_on_many_threads));

    [Fact]
    public void A_home_that_cannot_be_written_does_not_matter() =>
        Run(nameof(Child.Touches_torchsharp_on_many_threads), ("XDG_CACHE_HOME", "/proc/nowhere"));

    [Fact]
    public void Nor_do_a_missing_home_and_a_missing_temporary_folder() =>
        Run(nameof(Child.Loads_without_a_folder_to_write_to), ("XDG_CACHE_HOME", "/proc/nowhere"), ("HOME", null), ("TMPDIR", "/nowhere"));

    [Fact]
    public void Touching_the_library_does_not_load_libtorch() => Run(nameof(Child.Has_not_loaded_libtorch));

    [Fact]
    public void Openmp_threads_wait_passively_unless_told_otherwise()
    {
        Run(nameof(Child.Waits_as_told), ("EXPECTED", "PASSIVE"));
        Run(nameof(Child.Waits_as_told), ("EXPECTED", "ACTIVE"), ("OMP_WAIT_POLICY", "ACTIVE"));
    }

    private static void Run(string test, params (string Name, string? Value)[] environment) =>
        OwnProcess.Run<Child>(test, [(LibTorchLocation.Variable, null), .. environment]);

    /// <summary>The tests that run in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Fails_for_a_bogus_folder()
        {
            var error = Assert.Throws<NativeBackendException>(NativeBackend.EnsureLoaded);
            Assert.Contains("MLSIEVE_LIBTORCH names the folder '/nowhere/torch/lib', which does not exist", error.Message);
            Assert.Equal("libtorch is not loaded", NativeBackend.Description);
            Assert.Throws<NativeBackendException>(() => TrainingDevice.Choose("auto"));
            Assert.False(Directory.Exists(Path.Combine(AppContext.BaseDirectory, "cpu")));
        }

        [Fact(Explicit = true)]
        public void Fails_without_libtorch()
        {
            var ml = new MLContext(seed: 1);
            var error = Assert.Throws<NativeBackendException>(() => ml.Transforms.EarlyReadout().Fit(BiasedRow.View(ml, 20)));
            Assert.Contains("Training needs libtorch, which is in none of these folders:", error.Message);
            Assert.Contains(
                "Add one of the packages libtorch-cpu-linux-x64 2.10.0, TorchSharp-cpu or TorchSharp-cuda-linux to the app", error.Message);
        }

        [Fact(Explicit = true)]
        public void Loads_from_the_named_folder()
        {
            NativeBackend.EnsureLoaded();
            Assert.StartsWith(
                $"libtorch with CPU from {Environment.GetEnvironmentVariable(LibTorchLocation.Variable)}; shim ",
                NativeBackend.Description);
            Assert.DoesNotContain("lacks", NativeBackend.Description);
        }

        [Fact(Explicit = true)]
        public void Touches_torchsharp_on_many_threads()
        {
            Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            {
                if (i % 2 == 0)
                    NativeBackend.EnsureLoaded();
                using var ones = torch.ones(i + 1);
                using var sum = ones.sum();
                Assert.Equal(i + 1, sum.item<float>());
            });
            Assert.StartsWith("libtorch with ", NativeBackend.Description);
            Assert.False(Directory.Exists(Path.Combine(AppContext.BaseDirectory, "cpu")));
        }

        [Fact(Explicit = true)]
        public void Loads_without_a_folder_to_write_to()
        {
            NativeBackend.EnsureLoaded();
            using var ones = torch.ones(3);
            Assert.Equal(3, ones.sum().item<float>());
            if (!NativeBackend.Description.Contains("as packaged", StringComparison.Ordinal))
                Assert.Contains("repaired as a copy in memory", NativeBackend.Description);
        }

        [Fact(Explicit = true)]
        public void Has_not_loaded_libtorch()
        {
            _ = SeedSequence.Of(1).Permutation(3);
            Assert.Equal("libtorch is not loaded", NativeBackend.Description);
            Assert.DoesNotContain("libtorch_cpu", File.ReadAllText("/proc/self/maps"));
        }

        [Fact(Explicit = true)]
        public void Waits_as_told()
        {
            NativeBackend.EnsureLoaded();
            Assert.Equal(Environment.GetEnvironmentVariable("EXPECTED"), LibC.GetEnvironmentVariable("OMP_WAIT_POLICY"));
        }
    }
}
