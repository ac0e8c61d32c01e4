namespace Studies;

/// <summary>One row of a data set: an image file, a text or a pair of texts, and what is known of it.</summary>
/// <param name="Label">The class.</param>
/// <param name="Attribute">The spurious attribute, or <see langword="null"/> where the data set has none.</param>
/// <param name="Split">One of <see cref="Splits"/>.</param>
internal sealed record Example(string Label, string? Attribute, string Split)
{
    /// <summary>The full path of the image; <see langword="null"/> where the data set holds texts.</summary>
    public string? Path { get; init; }

    /// <summary>The text, or the first of a pair; <see langword="null"/> where the data set holds images.</summary>
    public string? Text { get; init; }

    /// <summary>The second text of a pair, such as the hypothesis of a premise; <see langword="null"/> where texts stand alone.</summary>
    public string? TextPair { get; init; }

    /// <summary>
    /// What the rows that show the same thing with another attribute have in common, such as one pet in front of two places;
    /// <see langword="null"/> where a row has no such partner.
    /// </summary>
    public string? Pair { get; init; }

    /// <summary>Label and attribute together, such as <c>waterbird, land</c>: the group whose accuracy counts.</summary>
    public string Group => Attribute is null ? Label : $"{Label}, {Attribute}";
}
