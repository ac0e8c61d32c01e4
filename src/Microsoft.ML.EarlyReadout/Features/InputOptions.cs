namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How the raw numbers of the feature column enter the network: per channel <c>(x − Mean) · Scale</c>, with x as it stands in the column (0
/// to 255 for pixels). It is the network's first layer and so part of the exported graph: it cannot be forgotten when scoring.
/// </summary>
public sealed class InputOptions
{
    /// <summary>Image height in pixels, where the column's type does not tell it. It goes with <see cref="Width"/>.</summary>
    /// <value>The default value is 0: taken from the column.</value>
    public int Height { get; set; }

    /// <summary>Image width in pixels, where the column's type does not tell it.</summary>
    /// <value>The default value is 0: taken from the column.</value>
    public int Width { get; set; }

    /// <summary>Image channels, where the column's type does not tell them.</summary>
    /// <value>The default value is 0: taken from the column; of a flat vector, what height and width leave, which must be 1, 3 or
    /// 4.</value>
    public int Channels { get; set; }

    /// <summary>
    /// What the numbers of the images are, which gives <see cref="Mean"/> and <see cref="Scale"/> where they are not given. Vectors that
    /// are no images, and texts, have none: given for them, it is an error.
    /// </summary>
    /// <value>The default value is <see cref="ValueRange.Automatic"/>: decided by the smallest and the largest number of the training
    /// rows.</value>
    public ValueRange ValueRange { get; set; }

    /// <summary>Subtracted from each channel, in the column's units, in the order in which the network sees the channels.</summary>
    /// <value>The default value is empty: the middle of <see cref="ValueRange"/>, such as 127.5 for pixels 0 to 255; 0 for vectors and for
    /// <see cref="ValueRange.AsIs"/>. One value, or one a channel.</value>
    public float[] Mean { get; set; } = [];

    /// <summary>Multiplies each channel after <see cref="Mean"/> is subtracted.</summary>
    /// <value>The default value is empty: what maps <see cref="ValueRange"/> to −1 to 1, such as 1/127.5 for pixels 0 to 255; 1 for vectors
    /// and for <see cref="ValueRange.AsIs"/>. One value, or one a channel.</value>
    public float[] Scale { get; set; } = [];

    /// <summary>The channel order that the network expects; the column holds red, green, blue. Vectors that are no images, and texts, have
    /// none: <see cref="ChannelOrder.Bgr"/> is an error there.</summary>
    /// <value>The default value is <see cref="ChannelOrder.Rgb"/>.</value>
    public ChannelOrder ChannelOrder { get; set; } = ChannelOrder.Rgb;

    /// <summary>
    /// The normalisation of torchvision's ImageNet weights, for pixels 0 to 255: means .485 .456 .406 and deviations .229 .224 .225 of
    /// pixels scaled to 0–1.
    /// </summary>
    public static InputOptions ImageNet => new()
    {
        Mean = [123.675f, 116.28f, 103.53f],
        Scale = [1 / 58.395f, 1 / 57.12f, 1 / 57.375f],
    };

    /// <summary>
    /// What the ImageNet weights in Microsoft's package <c>Microsoft.ML.DnnImageFeaturizer.ResNet18</c> were trained on, from pixels 0
    /// to 255: blue, green and red less 103.06, 115.90 and 123.15, the channel means of the package's own mean image.
    /// </summary>
    public static InputOptions DnnImageFeaturizer => new()
    {
        ChannelOrder = ChannelOrder.Bgr,
        Mean = [103.06f, 115.90f, 123.15f],
        Scale = [1],
    };

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        if (Height < 0) faults.Add($"{name}.{nameof(Height)} is {Height}; it must be at least 0 (0: taken from the column).");
        if (Width < 0) faults.Add($"{name}.{nameof(Width)} is {Width}; it must be at least 0 (0: taken from the column).");
        if (Channels < 0) faults.Add($"{name}.{nameof(Channels)} is {Channels}; it must be at least 0 (0: taken from the column).");
        if (Mean is null || !Mean.All(float.IsFinite)) faults.Add($"{name}.{nameof(Mean)} must hold finite numbers only.");
        if (Scale is null || !Scale.All(scale => float.IsFinite(scale) && scale != 0))
            faults.Add($"{name}.{nameof(Scale)} must hold finite numbers other than 0 only.");
        faults.Defined($"{name}.{nameof(ValueRange)}", ValueRange);
        if (!Enum.IsDefined(ChannelOrder))
            faults.Add($"{name}.{nameof(ChannelOrder)} is {ChannelOrder}; it must be Rgb or Bgr.");
    }

    /// <summary>Checks that what is for images is not given for vectors, where nothing would read it. For texts it is a fault of the
    /// options.</summary>
    /// <param name="shape">The shape of one example.</param>
    /// <exception cref="ArgumentException">It is; the message names the option.</exception>
    internal void Require(FeatureShape shape)
    {
        if (shape is not VectorShape || GivenForImages().FirstOrDefault() is not { } given) return;
        throw new ArgumentException($"Network.Input.{given}, which is for images; the features are {shape.Plural}. "
            + "Give Height and Width if they are images, else Mean and Scale.");
    }

    /// <summary>The options that are given and that images alone have, with their values, as a sentence begins.</summary>
    internal IEnumerable<string> GivenForImages()
    {
        if (ValueRange != ValueRange.Automatic) yield return $"{nameof(ValueRange)} is {ValueRange}";
        if (ChannelOrder != ChannelOrder.Rgb) yield return $"{nameof(ChannelOrder)} is {ChannelOrder}";
    }
}
