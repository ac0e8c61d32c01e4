namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Random changes to the images of each training batch, each image by draws of its own: mirrored, shifted, rotated, cropped and resized,
/// and then its colours. What is no image is refused.
/// </summary>
/// <remarks>
/// Definitions and ranges are torchvision's. Rotation and resized crop are one bilinear sampling; with them, or with changed colours, the
/// network sees numbers that are not rounded to whole pixels. Black and white are those of the images' <see cref="ValueRange"/>.
/// </remarks>
public sealed class AugmentationOptions
{
    /// <summary>Whether each image is mirrored left to right with probability one half.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool HorizontalFlip { get; set; }

    /// <summary>Pixels of black border on each side from which a crop of the original size is taken at random.</summary>
    /// <value>The default value is 0: no crop. At least 0 and less than the image's shorter side.</value>
    public int CropPadding { get; set; }

    /// <summary>
    /// The least part of an image's area that a random crop has, which is then resized to the whole: torchvision's
    /// <c>RandomResizedCrop</c> with <c>scale=(this, 1)</c> and <c>ratio=(3/4, 4/3)</c>.
    /// </summary>
    /// <value>The default value is 1: no crop. Greater than 0 and at most 1; 0.08 in torchvision.</value>
    public double ResizedCropScale { get; set; } = 1;

    /// <summary>Degrees up to which each image is rotated to either side about its middle; what comes in from outside is black.</summary>
    /// <value>The default value is 0: no rotation. From 0 to 180.</value>
    public double Rotation { get; set; }

    /// <summary>b: pixels are multiplied by a number from max(0, 1 − b) to 1 + b, where black is 0, and are at most white.</summary>
    /// <value>The default value is 0: unchanged. At least 0.</value>
    public double Brightness { get; set; }

    /// <summary>c: the distance of pixels from the image's mean grey is multiplied by a number from max(0, 1 − c) to 1 + c.</summary>
    /// <value>The default value is 0: unchanged. At least 0. For images of 1 or 3 channels.</value>
    public double Contrast { get; set; }

    /// <summary>s: the distance of pixels from their own grey is multiplied by a number from max(0, 1 − s) to 1 + s.</summary>
    /// <value>The default value is 0: unchanged. At least 0. For images of red, green and blue.</value>
    public double Saturation { get; set; }

    /// <summary>The part of the colour circle by which hues are turned at most, to either side.</summary>
    /// <value>The default value is 0: unchanged. From 0 to 0.5. For images of red, green and blue.</value>
    public double Hue { get; set; }

    /// <summary>What is not at its default, by name.</summary>
    private IEnumerable<string> Given =>
        from option in new[]
        {
            (Name: nameof(HorizontalFlip), IsGiven: HorizontalFlip),
            (Name: nameof(CropPadding), IsGiven: CropPadding > 0),
            (Name: nameof(ResizedCropScale), IsGiven: ResizedCropScale < 1),
            (Name: nameof(Rotation), IsGiven: Rotation > 0),
            (Name: nameof(Brightness), IsGiven: Brightness > 0),
            (Name: nameof(Contrast), IsGiven: Contrast > 0),
            (Name: nameof(Saturation), IsGiven: Saturation > 0),
            (Name: nameof(Hue), IsGiven: Hue > 0),
        }
        where option.IsGiven
        select option.Name;

    /// <summary>Adds what is wrong with these options, whatever they are for.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.AtLeast($"{name}.{nameof(CropPadding)}", CropPadding, 0);
        faults.GreaterThan($"{name}.{nameof(ResizedCropScale)}", ResizedCropScale, 0);
        faults.AtMost($"{name}.{nameof(ResizedCropScale)}", ResizedCropScale, 1);
        faults.InRange($"{name}.{nameof(Rotation)}", Rotation, 0, 180);
        faults.AtLeast($"{name}.{nameof(Brightness)}", Brightness, 0);
        faults.AtLeast($"{name}.{nameof(Contrast)}", Contrast, 0);
        faults.AtLeast($"{name}.{nameof(Saturation)}", Saturation, 0);
        faults.InRange($"{name}.{nameof(Hue)}", Hue, 0, 0.5);
    }

    /// <summary>Throws where an option does not go with examples of a shape.</summary>
    /// <exception cref="ArgumentException">One does not; the message holds all faults.</exception>
    internal void Require(FeatureShape shape)
    {
        if (string.Join(" ", FaultsFor(shape)) is { Length: > 0 } faults) throw new ArgumentException(faults);
    }

    // One sentence a fault, none if all is well.
    private IEnumerable<string> FaultsFor(FeatureShape shape)
    {
        if (shape is not ImageShape image)
        {
            if (Given.FirstOrDefault() is { } first)
                yield return $"Augmentation.{first} is given, which is for images; the features are {shape.Plural}.";
            yield break;
        }

        if (CropPadding >= image.ShorterSide)
            yield return FormattableString.Invariant(
                $"Augmentation.CropPadding is {CropPadding}; it must be less than the image's shorter side, {image.ShorterSide}.");
        if (Contrast > 0 && image.Channels is not (1 or 3)) yield return OfChannels(nameof(Contrast), "1 or 3", image);
        if (Saturation > 0 && image.Channels != 3) yield return OfChannels(nameof(Saturation), "3", image);
        if (Hue > 0 && image.Channels != 3) yield return OfChannels(nameof(Hue), "3", image);
    }

    private static string OfChannels(string option, string channels, ImageShape image) =>
        FormattableString.Invariant($"Augmentation.{option} is given, which is for images of {channels} channels; these have ")
        + FormattableString.Invariant($"{image.Channels}.");
}
