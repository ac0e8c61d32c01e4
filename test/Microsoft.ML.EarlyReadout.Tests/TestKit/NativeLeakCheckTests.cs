using TorchSharp;

namespace MLSieve.Tests;

public sealed class NativeLeakCheckTests
{
    [Fact]
    public void A_tensor_left_alive_is_found()
    {
        var check = NativeLeakCheck.Start();
        using var left = torch.ones(2);
        var found = Assert.ThrowsAny<Xunit.Sdk.XunitException>(check.Dispose);
        Assert.StartsWith("1 more native tensors live", found.Message);
    }

    [Fact]
    public void Tensors_of_a_closed_scope_are_fine()
    {
        using var check = NativeLeakCheck.Start();
        using var scope = torch.NewDisposeScope();
        torch.ones(2).mul(torch.ones(2));
    }

    [Fact]
    public void A_file_left_open_or_behind_is_found()
    {
        string temporary = Directory.CreateTempSubdirectory("leak").FullName;
        OwnProcess.Run<Child>(nameof(Child.Leaks_files), ("TMPDIR", temporary));
        Directory.Delete(temporary, recursive: true);
    }

    /// <summary>The test that runs in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Leaks_files()
        {
            string path = Path.Combine(Path.GetTempPath(), "left");
            var check = NativeLeakCheck.StartAlone();
            var open = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Delete);
            File.Delete(path);
            Assert.Contains("/left", Assert.ThrowsAny<Xunit.Sdk.XunitException>(check.Dispose).Message, StringComparison.Ordinal);
            open.Dispose();
            check.Dispose();

            File.WriteAllText(path, "numbers");
            Assert.Contains("/left", Assert.ThrowsAny<Xunit.Sdk.XunitException>(check.Dispose).Message, StringComparison.Ordinal);
            File.Delete(path);
            check.Dispose();
        }
    }
}
