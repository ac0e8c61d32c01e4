using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>Puts class activation maps and their pictures among the transforms of an <see cref="MLContext"/>.</summary>
public static class ActivationMapCatalog
{
    /// <summary>Adds the class activation map of each row: where in the image the network sees what speaks for a class.</summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="outputColumnName">The column of maps, <c>Vector&lt;Single, h, w&gt;</c>: what each place adds to the class's logit, at
    /// least 0.</param>
    /// <param name="model">A fitted classifier of images; it stays the caller's.</param>
    /// <param name="className">The class to show, one of <see cref="EarlyReadoutTransformer.ClassNames"/>; <see langword="null"/>: the
    /// predicted class of each row.</param>
    /// <returns>The estimator; it needs no fitting of its own.</returns>
    /// <exception cref="ArgumentException">The model has no maps, or no class of that name.</exception>
    public static ClassActivationMapEstimator ClassActivationMap(
        this TransformsCatalog catalog, string outputColumnName, EarlyReadoutTransformer model, string? className = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ClassActivationMapEstimator(outputColumnName, model, className);
    }

    /// <summary>Paints a map over the image that it belongs to.</summary>
    /// <param name="catalog">The transforms of the context.</param>
    /// <param name="outputColumnName">The column of pictures, <see cref="Data.MLImage"/>, as large as the image; <c>MLImage.Save</c> writes
    /// one as a PNG file.</param>
    /// <param name="imageColumnName">The images: <see cref="Data.MLImage"/>, or pixels as <c>ExtractPixels</c> writes them, in any
    /// range.</param>
    /// <param name="mapColumnName">The maps, as <see cref="ClassActivationMap"/> adds them.</param>
    /// <param name="opacity">How much of the image the map's highest place covers, from 0 to 1.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public static ActivationMapOverlayEstimator ActivationMapOverlay(
        this TransformsCatalog catalog, string outputColumnName, string imageColumnName, string mapColumnName, double opacity = 0.6)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ActivationMapOverlayEstimator(catalog, outputColumnName, imageColumnName, mapColumnName, opacity);
    }
}
