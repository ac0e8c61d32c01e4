namespace Microsoft.ML.EarlyReadout;

/// <summary>An ONNX graph that grows node by node (opset 17, dynamic batch).</summary>
public sealed class OnnxGraph
{
}
