namespace Studies;

/// <summary>Images of a garment of one of two kinds above a digit 0 or 1: either half tells one of two classes.</summary>
/// <param name="Images">The images, labelled by the garment's class; the group says whether the digit's agrees.</param>
/// <param name="Digits">The digit's class of each image.</param>
internal sealed record TwoFeatures(PackedImages Images, string[] Digits)
{
    /// <summary>The classes: pullover and 0 are the first, dress and 1 the second.</summary>
    public static readonly string[] Classes = ["first", "second"];

    private static readonly byte[] Garments = [2, 3];

    /// <summary>The images with the class of one half as their label.</summary>
    public PackedImages LabelledBy(Feature half) => half == Feature.Complex ? Images : Images with { Labels = Digits };

    /// <summary>The rows of a Fashion-MNIST file that show one of the two garments.</summary>
    public static int[] RowsOf(GreyDataset garments) =>
        [.. Enumerable.Range(0, garments.Classes.Length).Where(row => Garments.Contains(garments.Classes[row]))];

    /// <summary>Stacks garments on digits.</summary>
    /// <param name="garments">The upper halves.</param>
    /// <param name="digits">The lower halves; one of the rows of the wanted digit is drawn.</param>
    /// <param name="rows">Which garments, of the two kinds, in order.</param>
    /// <param name="agreement">How often the digit is of the garment's class; 1/2 makes the halves independent.</param>
    /// <param name="random">The source of the digits.</param>
    public static TwoFeatures Draw(GreyDataset garments, GreyDataset digits, ReadOnlySpan<int> rows, double agreement, Random random)
    {
        var drawn = new Agreement(agreement, Classes.Length);
        int[][] rowsOfDigit = digits.RowsByClass();
        PackedImages packed = PackedImages.Allocate(rows.Length, 1, garments.Images.Height + digits.Images.Height, garments.Images.Width);
        var digitClasses = new string[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            int own = Array.IndexOf(Garments, garments.Classes[rows[i]]);
            int digit = drawn.Draw(own, random);
            ReadOnlySpan<byte> upper = garments.Images[rows[i]];
            upper.CopyTo(packed[i]);
            digits.Images[rowsOfDigit[digit][random.Next(rowsOfDigit[digit].Length)]].CopyTo(packed[i][upper.Length..]);
            packed.Labels[i] = Classes[own];
            packed.Cues[i] = Agreement.Name(own, digit);
            digitClasses[i] = Classes[digit];
        }

        return new TwoFeatures(packed, digitClasses);
    }
}
