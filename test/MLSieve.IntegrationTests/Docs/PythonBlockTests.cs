using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MLSieve.Tests;

public sealed partial class PythonBlockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("python-").FullName;

    public static TheoryData<string, int> Blocks
    {
        get
        {
            var blocks = new TheoryData<string, int>();
            foreach (string page in DocumentationTests.Pages())
                for (int block = 0; block < Block().Count(File.ReadAllText(page)); block++)
                    blocks.Add(Path.GetRelativePath(Repository.Root, page), block);
            return blocks;
        }
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_python_block_of_the_docs_compiles(string page, int block)
    {
        (int exitCode, string error) = Compile(
            Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))[block].Groups[1].Value);
        Assert.True(exitCode == 0, error);
    }

    [Fact]
    public void A_python_block_that_does_not_compile_is_told()
    {
        (int exitCode, string error) = Compile("score = session.run(\n");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("SyntaxError", error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (int ExitCode, string Error) Compile(string code)
    {
        string file = Path.Combine(_folder, "block.py");
        File.WriteAllText(file, code);
        using Process? python = Start(new ProcessStartInfo("python3", ["-m", "py_compile", file]) { RedirectStandardError = true });
        Assert.SkipWhen(python is null, "python3 is not on the path.");
        string error = python.StandardError.ReadToEnd();
        python.WaitForExit();
        return (python.ExitCode, error);
    }

    private static Process? Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
