namespace Microsoft.ML.EarlyReadout;

/// <summary>Random changes to the images of each training batch. Vectors are never changed.</summary>
public sealed class AugmentationOptions
{
    /// <summary>Whether each image is mirrored left to right with probability one half.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool HorizontalFlip { get; set; }

    /// <summary>Pixels of black border on each side from which a crop of the original size is taken at random.</summary>
    /// <value>The default value is 0: no crop. At least 0 and less than the image's shorter side.</value>
    public int CropPadding { get; set; }

    /// <summary>What is wrong with the options: one sentence a fault, none if all is well.</summary>
    /// <param name="shape">The shape of one example; <see langword="null"/> before the data is known.</param>
    internal IEnumerable<string> Faults(FeatureShape? shape = null)
    {
        int limit = shape is ImageShape image ? image.ShorterSide : int.MaxValue;
        if (CropPadding < 0)
            yield return FormattableString.Invariant($"Augmentation.CropPadding is {CropPadding}; it must be at least 0.");
        else if (CropPadding >= limit)
            yield return FormattableString.Invariant(
                $"Augmentation.CropPadding is {CropPadding}; it must be less than the image's shorter side, {limit}.");
    }
}
