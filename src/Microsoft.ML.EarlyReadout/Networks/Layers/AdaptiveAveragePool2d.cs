using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Average pooling to a given size, whatever the size was: pixel i of h is the mean of rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉, and columns
/// alike. As PyTorch's.</summary>
/// <remarks>(B, C, H, W) → (B, C, h, w). ONNX has no such operator; the pool is linear along each side, so there it is a matrix on
/// each.</remarks>
internal sealed class AdaptiveAveragePool2d : Layer
{
    private readonly int _inputHeight;
    private readonly int _inputWidth;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputHeight">H.</param>
    /// <param name="inputWidth">W.</param>
    /// <param name="height">h.</param>
    /// <param name="width">w.</param>
    public AdaptiveAveragePool2d(int inputHeight, int inputWidth, int height, int width) : base("adaptive_average_pool") =>
        (_inputHeight, _inputWidth, _height, _width) = (inputHeight, inputWidth, height, width);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.adaptive_avg_pool2d(input, [_height, _width]);

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        string down = graph.Constant("pool_rows", Matrix(_inputHeight, _height), _height, _inputHeight);
        string across = graph.Constant("pool_columns", Transposed(Matrix(_inputWidth, _width), _width), _inputWidth, _width);
        return graph.Node("MatMul", [graph.Node("MatMul", [down, input]), across]); // (N, C, h, W), then (N, C, h, w)
    }

    /// <summary>(outputs, inputs): each row averages a window.</summary>
    private static float[] Matrix(int inputs, int outputs)
    {
        var matrix = new float[outputs * inputs];
        for (int i = 0; i < outputs; i++)
        {
            int start = i * inputs / outputs, end = ((i + 1) * inputs + outputs - 1) / outputs;
            matrix.AsSpan(i * inputs + start, end - start).Fill(1f / (end - start));
        }

        return matrix;
    }

    private static float[] Transposed(float[] matrix, int rows)
    {
        int columns = matrix.Length / rows;
        return [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[i % rows * columns + i / rows])];
    }
}
