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
}
