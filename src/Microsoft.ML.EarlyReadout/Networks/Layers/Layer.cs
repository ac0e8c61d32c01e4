using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// One layer of a <see cref="StagedNetwork"/>: the same computation twice, as a TorchSharp module for training and as ONNX nodes for
/// scoring.
/// </summary>
/// <remarks>
/// <para>After each fit the two are compared on training rows, so a layer whose faces differ cannot go unnoticed.</para>
/// <para>Parameters are fields with TorchSharp's <c>[ComponentName]</c>, and the constructor ends with <c>RegisterComponents()</c>: a field
/// that is registered in any other way is not updated when the network moves to a GPU.</para>
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public abstract class Layer : nn.Module<Tensor, Tensor>
{
    static Layer() => NativeBackend.EnsureLoaded();

    /// <summary>Creates the layer.</summary>
    /// <param name="name">The name of the kind of layer, for messages.</param>
    protected Layer(string name) : base(name) { }

    /// <summary>Adds the ONNX nodes that compute this layer in inference.</summary>
    /// <param name="graph">The graph that grows.</param>
    /// <param name="input">The name of the value that this layer reads.</param>
    /// <returns>The name of the value that this layer computes.</returns>
    public abstract string Export(OnnxGraph graph, string input);

    /// <summary>
    /// Draws fresh parameters. The default asks each child layer in order; a layer with parameters of its own overrides it.
    /// </summary>
    /// <param name="generator">The source of randomness; the global one is never touched.</param>
    public virtual void Initialize(Generator generator)
    {
        foreach (nn.Module child in children())
            if (child is Layer layer) layer.Initialize(generator);
    }

    /// <summary>
    /// Registers the fields, and keeps their tensors from ending with the dispose scope that the layer happens to be made in.
    /// </summary>
    protected override void RegisterComponents()
    {
        base.RegisterComponents();
        foreach (Tensor tensor in parameters(recurse: false).Concat(buffers(recurse: false))) tensor.DetachFromDisposeScope();
    }
}
