using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Named tensors that a checkpoint holds, and that are written back in place.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public static class ModuleState
{
    /// <summary>The parameters and statistics of a module, each name with a prefix.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">What the names begin with.</param>
    public static IEnumerable<(string Name, Tensor Tensor)> Of(nn.Module module, string prefix = "") =>
        module.state_dict().Select(entry => (prefix + entry.Key, entry.Value));

    /// <summary>Those of several modules. Those of the first have its own names, the others' begin with their number.</summary>
    internal static IEnumerable<(string Name, Tensor Tensor)> OfAll(IReadOnlyList<nn.Module> modules) =>
        modules.SelectMany((module, i) => Of(module, i == 0 ? "" : FormattableString.Invariant($"{i}/")));

    /// <summary>A hash of the parameters and statistics of a module.</summary>
    internal static string HashOf(nn.Module module)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using DisposeScope scope = NewDisposeScope();
        foreach ((_, Tensor tensor) in Of(module)) hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The same tensors under longer names.</summary>
    /// <param name="prefix">What the names begin with.</param>
    /// <param name="state">The tensors.</param>
    public static IEnumerable<(string Name, Tensor Tensor)> Under(string prefix, IEnumerable<(string Name, Tensor Tensor)> state) =>
        state.Select(entry => (prefix + entry.Name, entry.Tensor));

    /// <summary>Writes the tensors of a file into those of the same names.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing in the file, unexpected in it, or of another type or shape; then nothing
    /// has been written.</exception>
    internal static void Load(SafetensorsFile file, IEnumerable<(string Name, Tensor Tensor)> state)
    {
        var own = state.ToDictionary(entry => entry.Name, entry => entry.Tensor);
        if (own.Keys.FirstOrDefault(name => !file.Names.Contains(name)) is { } missing)
            throw Fault($"lacks the tensor '{Excerpt.Of(missing)}'");
        if (file.Names.FirstOrDefault(name => !own.ContainsKey(name)) is { } unknown)
            throw Fault($"has a tensor '{Excerpt.Of(unknown)}', which this training has not");
        foreach ((string name, Tensor tensor) in own)
        {
            if (!file.Shape(name).SequenceEqual(tensor.shape))
                throw Fault($"has the tensor '{name}' of shape ({string.Join(", ", file.Shape(name))}); expected "
                    + $"({string.Join(", ", tensor.shape)})");
            if (file.Type(name) != tensor.dtype) throw Fault($"has the tensor '{name}' of {file.TypeName(name)}; expected {tensor.dtype}");
        }

        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor tensor) in own)
        {
            using DisposeScope scope = NewDisposeScope();
            tensor.copy_(file.Read(name));
        }

        InvalidDataException Fault(string what) => new($"'{file.Path}' {Excerpt.Of(what)}.");
    }
}
