namespace Studies;

/// <summary>A Fashion-MNIST image, whose class is the label, above an MNIST digit, which is the spurious half.</summary>
internal static class Dominoes
{
    /// <summary>Stacks garments on digits.</summary>
    /// <param name="garments">The upper halves.</param>
    /// <param name="digits">The lower halves; one of the wanted digit's rows is drawn.</param>
    /// <param name="rows">Which garments, in order.</param>
    /// <param name="agreement">How often the digit is that of the garment's own class.</param>
    /// <param name="random">The source of the digits.</param>
    /// <returns>Images of 1 × 56 × 28.</returns>
    public static PackedImages Draw(GreyDataset garments, GreyDataset digits, ReadOnlySpan<int> rows, Agreement agreement, Random random)
    {
        int[][] rowsOfDigit = digits.RowsByClass();
        PackedImages packed = PackedImages.Allocate(rows.Length, 1, garments.Images.Height + digits.Images.Height, garments.Images.Width);
        for (int i = 0; i < rows.Length; i++)
        {
            int own = garments.Classes[rows[i]];
            int digit = agreement.Draw(own, random);
            ReadOnlySpan<byte> upper = garments.Images[rows[i]];
            upper.CopyTo(packed[i]);
            digits.Images[rowsOfDigit[digit][random.Next(rowsOfDigit[digit].Length)]].CopyTo(packed[i][upper.Length..]);
            packed.Labels[i] = FashionClasses.Names[own];
            packed.Cues[i] = Agreement.Name(own, digit);
        }

        return packed;
    }
}
