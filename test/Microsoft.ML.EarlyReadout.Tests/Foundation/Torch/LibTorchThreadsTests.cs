using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>The number of libtorch's threads is the process's, so this runs in one of its own.</summary>
public sealed class LibTorchThreadsTests
{
    [Fact]
    public void Of_several_searches_the_last_to_end_gives_the_process_its_number_back() =>
        OwnProcess.Run<Child>(nameof(Child.Two_searches));

    /// <summary>The test that runs in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Two_searches()
        {
            NativeBackend.EnsureLoaded();
            torch.set_num_threads(3);
            LibTorchThreads.Begin();
            LibTorchThreads.Begin();
            Assert.Equal(1, OnANewThread(() =>
            {
                LibTorchThreads.TakeOne();
                return torch.get_num_threads();
            }));
            LibTorchThreads.End();
            Assert.Equal(1, OnANewThread(torch.get_num_threads));
            LibTorchThreads.End();
            Assert.Equal(3, OnANewThread(torch.get_num_threads));
        }

        private static int OnANewThread(Func<int> ask)
        {
            int answer = 0;
            var thread = new Thread(() => answer = ask());
            thread.Start();
            thread.Join();
            return answer;
        }
    }
}
