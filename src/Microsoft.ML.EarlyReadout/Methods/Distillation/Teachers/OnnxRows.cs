using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Joins the tensors of rows into those of a batch.</summary>
internal static class OnnxRows
{
    /// <summary>The tensors of a batch, (B, …), of those of its rows, each (1, …); <see langword="null"/> where rows differ in
    /// shape.</summary>
    /// <param name="rows">By row, the tensors of the graph's inputs; at least one row.</param>
    public static OnnxValues? Join(IReadOnlyList<OnnxValues> rows)
    {
        var joined = new List<OrtValue>();
        for (int input = 0; input < rows[0].Values.Count; input++)
        {
            if (Join([.. rows.Select(row => row.Values[input])]) is { } tensor)
            {
                joined.Add(tensor);
                continue;
            }

            new OnnxValues(joined).Dispose();
            return null;
        }

        return new OnnxValues(joined);
    }

    private static OrtValue? Join(OrtValue[] rows)
    {
        OrtTensorTypeAndShapeInfo first = rows[0].GetTensorTypeAndShape();
        if (rows.Any(row => !row.GetTensorTypeAndShape().Shape.SequenceEqual(first.Shape))) return null;
        long[] shape = [rows.Length, .. first.Shape[1..]];
        OrtAllocator allocator = OrtAllocator.DefaultInstance;
        if (first.ElementDataType == TensorElementType.String)
        {
            OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(allocator, shape);
            int place = 0;
            foreach (string text in rows.SelectMany(row => row.GetStringTensorAsArray())) texts.StringTensorSetElementAt(text, place++);
            return texts;
        }

        OrtValue numbers = OrtValue.CreateAllocatedTensorValue(allocator, first.ElementDataType, shape);
        Span<byte> target = numbers.GetTensorMutableRawData();
        int bytes = target.Length / rows.Length;
        for (int row = 0; row < rows.Length; row++) rows[row].GetTensorMutableRawData().CopyTo(target[(row * bytes)..]);
        return numbers;
    }
}
