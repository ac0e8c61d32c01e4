namespace Microsoft.ML.EarlyReadout;

/// <summary>The types of a value's elements, by ONNX's numbers.</summary>
internal enum ElementType
{
    Float32 = 1,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Boolean = 9,
}
