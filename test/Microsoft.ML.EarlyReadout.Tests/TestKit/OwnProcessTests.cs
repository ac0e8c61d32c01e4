using Xunit.Sdk;

namespace MLSieve.Tests;

public sealed class OwnProcessTests
{
    [Theory]
    [InlineData(nameof(Child.Fails), "because")]
    [InlineData(nameof(Child.Fails_later), "because")]
    [InlineData(nameof(Child.Ends_the_process), "exit code 0")]
    public void A_test_that_fails_or_ends_its_process_fails_who_runs_it(string test, string message) =>
        Assert.Contains(
            message, Assert.Throws<TrueException>(() => OwnProcess.Run<Child>(test)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_a_test_writes_is_there_to_read_and_it_is_disposed() =>
        Assert.Matches("^written\r?\ndisposed\r?\n", OwnProcess.Run<Child>(nameof(Child.Writes)));

    public sealed class Child : IDisposable
    {
        [Fact(Explicit = true)]
        public void Fails() => throw new InvalidOperationException("because");

        [Fact(Explicit = true)]
        public async Task Fails_later()
        {
            await Task.Yield();
            throw new InvalidOperationException("because");
        }

        [Fact(Explicit = true)]
        public void Ends_the_process() => Environment.Exit(0);

        [Fact(Explicit = true)]
        public void Writes() => Console.WriteLine("written");

        public void Dispose() => Console.WriteLine("disposed");
    }
}
