using System.Reflection;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using PublicApiGenerator;

namespace MLSieve.Tests;

public sealed class PublicApiTests
{
    [Theory]
    [InlineData(typeof(EarlyReadoutTransformer))]
    [InlineData(typeof(FeatureSieveTrainer))]
    [InlineData(typeof(TrialStore))]
    public void The_public_api_is_the_approved_text(Type inAssembly)
    {
        Assembly assembly = inAssembly.Assembly;
        string approved = Path.Combine(Repository.Root, "test", "MLSieve.IntegrationTests", "PublicApi", $"{assembly.GetName().Name}.txt");
        // the default leaves out Microsoft.*, and so everything
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        string actual = assembly.GeneratePublicApi(options).ReplaceLineEndings("\n").TrimEnd() + "\n";
        Assert.Contains($"class {inAssembly.Name}", actual, StringComparison.Ordinal);
        string expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        if (actual == expected) return;
        string received = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.received.txt");
        File.WriteAllText(received, actual);
        Assert.Fail($"The public API differs from {approved}. If that is meant, copy {received} over it in the same commit.");
    }
}
