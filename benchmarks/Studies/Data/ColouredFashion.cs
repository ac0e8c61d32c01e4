namespace Studies;

/// <summary>
/// Fashion-MNIST tinted by a class's colour: pixel = grey · colour. The colour is simple and spurious, the garment's shape is what the
/// label means.
/// </summary>
internal static class ColouredFashion
{
    private static readonly (double R, double G, double B)[] Palette =
    [
        (1.0, 0.2, 0.2), (0.2, 1.0, 0.2), (0.3, 0.4, 1.0), (1.0, 1.0, 0.2), (1.0, 0.2, 1.0),
        (0.2, 1.0, 1.0), (1.0, 0.6, 0.2), (0.6, 0.2, 1.0), (0.9, 0.9, 0.9), (0.6, 0.4, 0.3),
    ];

    /// <summary>Tints rows of Fashion-MNIST.</summary>
    /// <param name="source">The grey images.</param>
    /// <param name="rows">Which of them, in order.</param>
    /// <param name="agreement">How often the colour is that of the row's own class.</param>
    /// <param name="random">The source of the colours.</param>
    /// <returns>Images of 3 × 28 × 28.</returns>
    public static PackedImages Draw(GreyDataset source, ReadOnlySpan<int> rows, Agreement agreement, Random random)
    {
        PackedImages packed = PackedImages.Allocate(rows.Length, 3, source.Images.Height, source.Images.Width);
        for (int i = 0; i < rows.Length; i++)
        {
            int own = source.Classes[rows[i]];
            int tint = agreement.Draw(own, random);
            Tint(source.Images[rows[i]], Palette[tint], packed[i]);
            packed.Labels[i] = FashionClasses.Names[own];
            packed.Cues[i] = Agreement.Name(own, tint);
        }

        return packed;
    }

    private static void Tint(ReadOnlySpan<byte> grey, (double R, double G, double B) colour, Span<byte> planes)
    {
        for (int p = 0; p < grey.Length; p++)
        {
            planes[p] = (byte)(grey[p] * colour.R);
            planes[grey.Length + p] = (byte)(grey[p] * colour.G);
            planes[(2 * grey.Length) + p] = (byte)(grey[p] * colour.B);
        }
    }
}
