using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Augmentations for images of red, green and blue.</summary>
internal static class Augmentations
{
    /// <summary>Every random change that there is.</summary>
    public static AugmentationOptions All() => new()
    {
        HorizontalFlip = true,
        CropPadding = 1,
        ResizedCropScale = 0.5,
        Rotation = 20,
        Brightness = 0.3,
        Contrast = 0.3,
        Saturation = 0.3,
        Hue = 0.1,
    };
}
