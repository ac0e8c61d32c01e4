using Microsoft.ML;
using Microsoft.ML.Data;

namespace Quickstart;

/// <summary>The images of one seed on disk, with their labels, and what reads their pixels.</summary>
/// <remarks>
/// The background goes with the shape in most training images. On validation and test images it says nothing of the shape, so that three
/// quarters of them conflict: rows like these, if only some hundreds, are what a network and its settings can be chosen by.
/// </remarks>
internal sealed class ShapeImages
{
    private ShapeImages(MLContext ml, IDataView train, IDataView validation, IDataView test, string folder)
    {
        // Apart from the pixels: what is saved with a model asks for an image and for no label.
        ITransformer classes = ml.Transforms.Conversion.MapValueToKey("Label", "Shape").Fit(train);
        (Train, Validation, Test) = (classes.Transform(train), classes.Transform(validation), classes.Transform(test));
        ToPixels = ml.Transforms.LoadImages("Image", folder, "Path")
            .Append(ml.Transforms.ResizeImages("Image", ShapePainter.Side, ShapePainter.Side))
            .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
            .Fit(Train);
    }

    /// <summary>From the path of an image to its pixels.</summary>
    public ITransformer ToPixels { get; }

    /// <summary>Rows to train on.</summary>
    public IDataView Train { get; }

    /// <summary>Rows to choose epochs and settings on.</summary>
    public IDataView Validation { get; }

    /// <summary>Rows that say in the end what came out.</summary>
    public IDataView Test { get; }

    /// <summary>
    /// Draws images, writes them below a folder as anyone has theirs, PNG files and csv files that name them, and reads them.
    /// </summary>
    /// <param name="ml">The context.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="rows">How many training images.</param>
    /// <param name="strength">How often the background goes with the shape in training.</param>
    /// <param name="seed">The seed of the training images.</param>
    /// <param name="cancellation">Stops the drawing.</param>
    public static ShapeImages Draw(MLContext ml, string folder, int rows, double strength, int seed, CancellationToken cancellation)
    {
        return new ShapeImages(
            ml,
            Written("train", rows, strength, seed),
            Written("validation", BiasedShapes.ValidationRows, BiasedShapes.Independent, BiasedShapes.ValidationSeed),
            Written("test", BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed),
            folder);

        IDataView Written(string name, int count, double agreement, int drawSeed) =>
            ShapeFiles.Read(ml, ShapeFiles.Write(folder, name, BiasedShapes.Draw(count, agreement, drawSeed), cancellation));
    }
}
