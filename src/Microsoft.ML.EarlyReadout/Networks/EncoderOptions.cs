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

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="hasOwnSizes">Whether the encoder's sizes are these and not those of weights.</param>
    internal void AddFaults(OptionFaults faults, string name, bool hasOwnSizes)
    {
        faults.AtLeast($"{name}.{nameof(Layers)}", Layers, 1);
        faults.AtLeast($"{name}.{nameof(Width)}", Width, 1);
        faults.AtLeast($"{name}.{nameof(FeedForwardWidth)}", FeedForwardWidth, 1);
        faults.AtLeast($"{name}.{nameof(Heads)}", Heads, 1);
        if (hasOwnSizes && this is { Width: >= 1, Heads: >= 1 and var heads } && Width % heads != 0)
        {
            faults.Add($"{name}.{nameof(Heads)} is {heads}, and {name}.{nameof(Width)} {Width}, which so many heads cannot share; give a "
                + "divisor.");
        }

        faults.InHalfOpenRange($"{name}.{nameof(Dropout)}", Dropout, 0, 1);
        faults.Defined($"{name}.{nameof(Pooling)}", Pooling);
    }
}
