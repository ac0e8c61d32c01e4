using Microsoft.ML.EarlyReadout;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// Puts golden weights into modules, and compares modules with golden weights. What rounding does is below 3e-6, what a mistake does mostly
/// above 1e-3.
/// </summary>
internal static class GoldenWeights
{
    public const double Tolerance = 1e-4;

    /// <summary>Copies the tensors <c>FOLDER/PREFIXname</c> into a module's parameters and statistics.</summary>
    public static void Load(nn.Module module, SafetensorsFile file, string folder, string prefix = "")
    {
        using var noGrad = no_grad();
        foreach ((string name, Tensor value) in State(module)) value.copy_(file.Read(folder + prefix + name));
    }

    /// <summary>Asserts that max|a − b| / max|b| of every tensor is within the tolerance.</summary>
    public static void AssertEqual(nn.Module module, SafetensorsFile file, string folder, string prefix = "")
    {
        foreach ((string name, Tensor value) in State(module))
        {
            Tensor expected = file.Read(folder + prefix + name);
            double distance = value.sub(expected).abs().max().ToDouble() / expected.abs().max().ToDouble();
            Assert.True(distance <= Tolerance, $"{folder}{prefix}{name} is {distance:G3} away");
        }
    }

    /// <summary>Asserts that two losses are within the tolerance, relative where they are above 1.</summary>
    public static void AssertNear(double expected, double actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= Tolerance * Math.Max(1, Math.Abs(expected)), $"{what} is {actual}, expected {expected}");

    private static IEnumerable<(string Name, Tensor Value)> State(nn.Module module) =>
        module.state_dict()
            .Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .Select(entry => (entry.Key, entry.Value));
}
