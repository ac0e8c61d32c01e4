namespace Studies;

/// <summary>A feature of images of two, each of which gives the class away in training: a half of the image.</summary>
internal enum Feature
{
    /// <summary>The garment, which takes a network longer to learn.</summary>
    Complex,

    /// <summary>The digit.</summary>
    Simple,
}
