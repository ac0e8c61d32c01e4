using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>Loads photographs no larger than they are needed.</summary>
public static class ScaledImageCatalog
{
    /// <summary>
    /// As <c>LoadImages</c>, but a JPEG is decoded at the smallest of its own scales, from 1/8 to 8/8, at which it is at least as large as
    /// asked. <c>ResizeImages</c> is to follow, which brings all images to one size.
    /// </summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="outputColumnName">The column of images, <see cref="Data.MLImage"/>.</param>
    /// <param name="imageFolder">The folder that the paths start from; <see langword="null"/> where they are whole.</param>
    /// <param name="minWidth">The width that is needed, in pixels.</param>
    /// <param name="minHeight">The height that is needed, in pixels.</param>
    /// <param name="inputColumnName">The column of paths, text; <see langword="null"/>: named as the output.</param>
    /// <returns>The estimator; it needs no fitting of its own.</returns>
    /// <remarks>
    /// It takes less time than <c>LoadImages</c>, and pixels differ a little from those of a full decoding. A saved model, and a <see
    /// cref="PredictionEngine{TSrc, TDst}"/>, have the stock <c>LoadImages</c> in its place: score with both before you rely on it. Images
    /// of other formats, and smaller ones, are those of <c>LoadImages</c>.
    /// </remarks>
    /// <exception cref="ArgumentException">A name is empty, or a side is less than 1.</exception>
    public static IEstimator<ITransformer> LoadScaledImages(
        this TransformsCatalog catalog, string outputColumnName, string? imageFolder, int minWidth, int minHeight,
        string? inputColumnName = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ScaledImageEstimator(
            catalog.LoadImages(outputColumnName, imageFolder, inputColumnName), outputColumnName, imageFolder ?? "",
            inputColumnName ?? outputColumnName, minWidth, minHeight);
    }
}
