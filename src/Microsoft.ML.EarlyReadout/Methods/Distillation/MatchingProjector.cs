namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// SimKD's projection of the student's last feature maps to the teacher's: 1×1 convolution, 3×3, 1×1, each with batch norm and ReLU, of
/// half as many channels between as the teacher has. Where the student's maps are larger they are pooled to the teacher's size first;
/// where they are smaller, the teacher's are pooled to the student's.
/// </summary>
/// <remarks>
/// <para>"Knowledge Distillation with the Reused Teacher Classifier", CVPR 2022. Its teachers all end in a ReLU; for one whose features
/// go below 0 the last ReLU is left out.</para>
/// <para>Where student or teacher has vectors instead of maps, which the release does not have, it is a layer of as many units as the
/// student has, ReLU, and a linear layer, on what the student's own classifier reads of maps or tokens.</para>
/// </remarks>
internal static class MatchingProjector
{
    private const int Reduction = 2; // the release's factor

    /// <summary>Whether maps are matched rather than vectors.</summary>
    public static bool MatchesMaps(FeatureShape student, FeatureShape teacher) => student is ImageShape && teacher is ImageShape;

    /// <param name="student">The shape of what the student's last stage puts out: an image one plane a channel, or a vector; of tokens
    /// one's.</param>
    /// <param name="pool">What makes a vector of what the student's last stage puts out.</param>
    /// <param name="teacher">The shape of the teacher's features, likewise.</param>
    /// <param name="isRectified">Whether the teacher's features are never below 0.</param>
    /// <returns>
    /// (B, C, H, W) of the student → (B, C of the teacher, h, w), h and w the smaller of the two heights and widths; for vectors → (B, C
    /// of the teacher).
    /// </returns>
    public static Sequence Create(FeatureShape student, Layer[] pool, FeatureShape teacher, bool isRectified)
    {
        if (student is not ImageShape own || teacher is not ImageShape other)
        {
            return new Sequence([
                .. pool, new Linear(student.Channels, student.Channels), new Relu(), new Linear(student.Channels, teacher.Channels)]);
        }

        int height = Math.Min(own.Height, other.Height), width = Math.Min(own.Width, other.Width);
        List<Layer> layers = [];
        int between = Math.Max(1, teacher.Channels / Reduction);
        if (own.Height > height || own.Width > width)
            layers.Add(new AdaptiveAveragePool2d(own.Height, own.Width, height, width));
        layers.AddRange([
            new Conv2d(student.Channels, between, 1, bias: false), new BatchNorm2d(between), new Relu(),
            new Conv2d(between, between, 3, padding: 1, bias: false), new BatchNorm2d(between), new Relu(),
            new Conv2d(between, teacher.Channels, 1, bias: false), new BatchNorm2d(teacher.Channels)]);
        if (isRectified) layers.Add(new Relu());
        return new Sequence([.. layers]);
    }
}
