using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Which column types hold examples of a shape.</summary>
internal static class FeatureType
{
    /// <summary>Whether the type is a vector of as many floats as an example has.</summary>
    public static bool IsVector(DataViewType type, FeatureShape shape) =>
        type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Single && vector.Size == shape.Size;

    /// <summary>Whether the type is an image of the example's size, or, where images are resized, any image.</summary>
    public static bool IsImage(DataViewType type, FeatureShape shape, bool ofAnySize) =>
        type is ImageDataViewType image && (ofAnySize || (image.Height == shape.Height && image.Width == shape.Width));
}
