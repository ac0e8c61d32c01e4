using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>An open file of named tensors, whatever its format.</summary>
internal interface IWeightsFile : IDisposable
{
    /// <summary>The file's full path.</summary>
    string Path { get; }

    /// <summary>The tensors' names.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>The name of a tensor between the file's network and its classifier that no network here has, for which the classifier is
    /// left out of <see cref="Names"/>; <see langword="null"/> where it is not.</summary>
    string? HeadReads => null;

    /// <summary>A tensor's shape.</summary>
    IReadOnlyList<long> Shape(string name);

    /// <summary>What the file calls the type of a tensor's numbers.</summary>
    string TypeName(string name);

    /// <summary>Whether a tensor holds floating-point numbers that can be read, as weights are.</summary>
    bool HoldsFloats(string name);

    /// <summary>Reads a tensor in its own type; it belongs to the caller's dispose scope.</summary>
    Tensor Read(string name);
}
