using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What holds for the whole process is tried in processes of its own.</summary>
public sealed class KeptMemoryTests
{
    private const int Blocks = 6;
    private const int Mebibytes = 16; // of a block; larger than what glibc maps by itself at first, smaller than one of its heaps

    [Fact]
    public void While_something_trains_what_is_freed_is_kept_and_then_given_back() => Run(nameof(Child.Keeps_and_gives_back));

    [Fact]
    public void Two_trainings_at_once_keep_it_until_the_last_one_ends() => Run(nameof(Child.Keeps_for_the_last));

    [Fact]
    public void Whoever_chose_how_glibc_keeps_memory_has_it_so() => Run(nameof(Child.Leaves_a_choice), ("MALLOC_TOP_PAD_", "0"));

    private static void Run(string child, params (string, string?)[] variables)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && LibC.Version() is not null, "There is no glibc here.");
        (string, string?)[] unset =
        [
            .. ((string[])["GLIBC_TUNABLES", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"])
                .Except(variables.Select(variable => variable.Item1)).Select(name => (name, (string?)null)),
        ];
        OwnProcess.Run<Child>(child, [.. unset, .. variables]);
    }

    // How much more is resident once blocks were taken, written and freed again.
    private static double HeldMebibytes()
    {
        double before = ResidentMemory.Now();
        Tensor[] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => ones(Mebibytes << 18))];
        foreach (Tensor block in blocks) block.Dispose();
        return ResidentMemory.Now() - before;
    }

    public sealed class Child
    {
        private const double Most = Blocks * Mebibytes;

        public Child()
        {
            NativeBackend.EnsureLoaded();
            ones(1).Dispose();
            ResidentMemory.Settled();
        }

        [Fact(Explicit = true)]
        public void Keeps_and_gives_back()
        {
            double before = ResidentMemory.Now();
            using (KeptMemory.Begin())
            {
                Assert.InRange(HeldMebibytes(), 0.9 * Most, 2 * Most);
                KeptMemory.GiveBack();
                Assert.InRange(ResidentMemory.Now() - before, -Most, 0.3 * Most);
                HeldMebibytes();
            }

            Assert.InRange(ResidentMemory.Now() - before, -Most, 0.3 * Most);
        }

        [Fact(Explicit = true)]
        public void Keeps_for_the_last()
        {
            double before = ResidentMemory.Now();
            KeptMemory first = KeptMemory.Begin(), second = KeptMemory.Begin();
            HeldMebibytes();
            first.Dispose();
            first.Dispose();
            Assert.InRange(ResidentMemory.Now() - before, 0.9 * Most, 2 * Most);
            second.Dispose();
            Assert.InRange(ResidentMemory.Now() - before, -Most, 0.3 * Most);
        }

        [Fact(Explicit = true)]
        public void Leaves_a_choice()
        {
            using KeptMemory kept = KeptMemory.Begin();
            Assert.InRange(HeldMebibytes(), -Most, 0.3 * Most);
        }
    }
}
