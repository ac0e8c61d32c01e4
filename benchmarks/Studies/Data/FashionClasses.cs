namespace Studies;

/// <summary>The ten classes of Fashion-MNIST.</summary>
internal static class FashionClasses
{
    /// <summary>The name of class i.</summary>
    public static readonly string[] Names =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
}
