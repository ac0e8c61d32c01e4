using Xunit.Runner.InProc.SystemConsole;

namespace MLSieve.Tests;

/// <summary>Runs the tests, or in a process that a test has started the one method that it asks for.</summary>
internal static class TestProgram
{
    public static Task<int> Main(string[] args) =>
        OwnProcess.IsAsked(args) ? OwnProcess.Answer(typeof(TestProgram).Assembly, args) : ConsoleRunner.Run(args);
}
