namespace Microsoft.ML.EarlyReadout;

/// <summary>How a text encoder is built. With pretrained weights, or an earlier model's, its sizes are those of the weights.</summary>
public sealed class EncoderOptions
{
    /// <summary>Transformer layers of an encoder that is trained from nothing; each is a stage.</summary>
    /// <value>The default value is 4. At least 1.</value>
    public int Layers { get; set; } = 4;

    /// <summary>Numbers for each token between the layers of an encoder that is trained from nothing.</summary>
    /// <value>The default value is 128. At least 1, a multiple of the heads.</value>
    public int Width { get; set; } = 128;

    /// <summary>Numbers for each token within the feed-forward part of a layer of an encoder that is trained from nothing.</summary>
    /// <value>The default value is <see langword="null"/>: four times <see cref="Width"/>. At least 1.</value>
    public int? FeedForwardWidth { get; set; }

    /// <summary>Heads of attention, which weights do not tell.</summary>
    /// <value>The default value is <see langword="null"/>: those of the model that the training starts from, or what a file
    /// <c>config.json</c> beside the weights says; without either, a head has 64 numbers, or the next more that divide the width, and 32
    /// where the width is 384 (as in MiniLM). The log says how many there are. At least 1, a divisor of the width.</value>
    public int? Heads { get; set; }

    /// <summary>The probability that a number is set to 0 while training, in every layer and before the classifier.</summary>
    /// <value>The default value is 0.1, BERT's. At least 0 and less than 1.</value>
    public double Dropout { get; set; } = 0.1;

    /// <summary>What the classifier, and each readout, reads of a layer's tokens.</summary>
    /// <value>The default value is <see cref="TokenPooling.Mean"/>.</value>
    public TokenPooling Pooling { get; set; } = TokenPooling.Mean;

    /// <summary>All faults, each a sentence that names the option, the value given and what is allowed.</summary>
    /// <param name="hasOwnSizes">Whether the encoder's sizes are these and not those of weights.</param>
    internal IEnumerable<string> Faults(bool hasOwnSizes)
    {
        if (Layers < 1) yield return $"Network.Encoder.Layers is {Layers}; it must be at least 1.";
        if (Width < 1) yield return $"Network.Encoder.Width is {Width}; it must be at least 1.";
        if (FeedForwardWidth < 1) yield return $"Network.Encoder.FeedForwardWidth is {FeedForwardWidth}; it must be at least 1.";
        if (Heads < 1) yield return $"Network.Encoder.Heads is {Heads}; it must be at least 1.";
        if (hasOwnSizes && this is { Width: >= 1, Heads: >= 1 and var heads } && Width % heads != 0)
        {
            yield return $"Network.Encoder.Heads is {heads}, and Network.Encoder.Width {Width}, which so many heads cannot share; give a "
                + "divisor.";
        }

        if (!(Dropout >= 0 && Dropout < 1))
            yield return FormattableString.Invariant($"Network.Encoder.Dropout is {Dropout}; it must be at least 0 and less than 1.");
        if (!Enum.IsDefined(Pooling))
            yield return $"Network.Encoder.Pooling is {(int)Pooling}; it must be one of "
                + $"{string.Join(", ", Enum.GetNames<TokenPooling>())}.";
    }
}
