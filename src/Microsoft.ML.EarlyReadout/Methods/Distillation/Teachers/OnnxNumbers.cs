using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads what an ONNX graph of any maker puts out as float32.</summary>
internal static class OnnxNumbers
{
    /// <summary>Whether a tensor holds floating-point numbers that can be read.</summary>
    public static bool IsFloat(TensorElementType type) =>
        type is TensorElementType.Float or TensorElementType.Double or TensorElementType.Float16 or TensorElementType.BFloat16;

    /// <summary>The numbers of a tensor.</summary>
    public static float[] Floats(OrtValue tensor) => tensor.GetTensorTypeAndShape().ElementDataType switch
    {
        TensorElementType.Float => tensor.GetTensorDataAsSpan<float>().ToArray(),
        TensorElementType.Double => Convert(tensor.GetTensorDataAsSpan<double>(), value => (float)value),
        TensorElementType.Float16 => Convert(tensor.GetTensorDataAsSpan<Float16>(), value => (float)value),
        TensorElementType.BFloat16 => Convert(tensor.GetTensorDataAsSpan<BFloat16>(), value => (float)value),
        _ => [],
    };

    /// <summary>The maps of a sequence, one a row, from class to number; <see langword="null"/> where it is one of something
    /// else.</summary>
    public static (float[] Numbers, string[] Classes)[]? Maps(OrtValue sequence)
    {
        OrtAllocator allocator = OrtAllocator.DefaultInstance;
        var rows = new (float[], string[])[sequence.GetValueCount()];
        for (int row = 0; row < rows.Length; row++)
        {
            using OrtValue map = sequence.GetValue(row, allocator);
            if (map.OnnxType != OnnxValueType.ONNX_TYPE_MAP) return null;
            using OrtValue keys = map.GetValue(0, allocator), values = map.GetValue(1, allocator);
            string[] classes = keys.GetTensorTypeAndShape().ElementDataType == TensorElementType.String
                ? keys.GetStringTensorAsArray()
                : [.. keys.GetTensorDataAsSpan<long>().ToArray().Select(key => key.ToString(CultureInfo.InvariantCulture))];
            rows[row] = (Floats(values), classes);
        }

        return rows;
    }

    private static float[] Convert<T>(ReadOnlySpan<T> values, Func<T, float> convert)
    {
        var floats = new float[values.Length];
        for (int i = 0; i < floats.Length; i++) floats[i] = convert(values[i]);
        return floats;
    }
}
