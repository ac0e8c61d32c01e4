using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How examples stand in a feature column: as vectors, which may be pixels, as images or as texts. It knows its column types, and the stock
/// transforms that make of such a column the vectors that the exported graph reads.
/// </summary>
internal abstract class FeatureFormat
{
    /// <summary>What the column is for, in messages.</summary>
    public const string Role = "feature";

    /// <summary>Vectors of floats, pixels among them.</summary>
    public static FeatureFormat Vectors { get; } = new VectorFormat();

    /// <summary>Images as <c>LoadImages</c> gives them.</summary>
    public static FeatureFormat Images { get; } = new ImageFormat();

    /// <summary>Texts.</summary>
    public static FeatureFormat Texts { get; } = new TextFormat();

    private static FeatureFormat[] OfAnyNumbers { get; } = [Vectors, Images];

    private static FeatureFormat[] All { get; } = [Vectors, Images, Texts];

    /// <summary>The types of a column of numbers that can be trained on, for messages.</summary>
    public static string Expected { get; } = string.Join(", or ", OfAnyNumbers.Select(format => format.ColumnType));

    /// <summary>The format of a column's type; <see langword="null"/> where it cannot be trained on.</summary>
    public static FeatureFormat? Of(DataViewType type) => All.FirstOrDefault(format => format.Holds(type));

    /// <summary>As <see cref="Of"/>, but for texts, which are read as such only where that is asked for.</summary>
    public static FeatureFormat? OfNumbers(DataViewType type) => OfAnyNumbers.FirstOrDefault(format => format.Holds(type));

    /// <summary>The format of a column of rows; vectors where there is none of that name, or of another type, which is refused when it is
    /// read.</summary>
    public static FeatureFormat In(DataViewSchema rows, string feature) =>
        (rows.GetColumnOrNull(feature) is { } column ? Of(column.Type) : null) ?? Vectors;

    /// <summary>As the other, as far as the promise of a schema tells.</summary>
    public static FeatureFormat In(SchemaShape promised, string feature) =>
        All.FirstOrDefault(format => promised.Any(column => column.Name == feature && format.Holds(column))) ?? Vectors;

    /// <summary>The range of its numbers, where the format tells it.</summary>
    public virtual PixelRange? Range => null;

    /// <summary>What it is a column of, such as "images".</summary>
    public abstract string Contents { get; }

    /// <summary>What the graph reads of it, in words, such as "pixels".</summary>
    public abstract string GraphContents { get; }

    /// <summary>The column types, for messages.</summary>
    protected abstract string ColumnType { get; }

    /// <summary>Whether a column type is of this format.</summary>
    public abstract bool Holds(DataViewType type);

    /// <summary>Whether a promised column is of this format.</summary>
    public abstract bool Holds(SchemaShape.Column promised);

    /// <summary>The shape of an example, as far as the column's type and the options tell it; <see langword="null"/>: the first row
    /// decides.</summary>
    /// <param name="column">A column of this format.</param>
    /// <param name="input">The image size that the user gives; zeros are unknown.</param>
    /// <exception cref="ArgumentOutOfRangeException">It has a type that cannot be trained on, or contradicts the options.</exception>
    public abstract FeatureShape? ShapeIn(DataViewSchema.Column column, InputOptions input);

    /// <summary>Whether a column type of this format leaves the size of an example to each row.</summary>
    public abstract bool IsOfAnySize(DataViewType type);

    /// <summary>Whether a column type holds examples of a shape.</summary>
    /// <param name="type">The column type.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="ofAnySize">Whether examples of other sizes are brought to that of the shape.</param>
    public abstract bool Holds(DataViewType type, FeatureShape shape, bool ofAnySize);

    /// <summary>Which column types hold examples of a shape, for messages.</summary>
    public abstract string ExpectedOf(FeatureShape shape, bool ofAnySize);

    /// <summary>The vector column that the graph reads.</summary>
    /// <param name="feature">The feature column.</param>
    public virtual string GraphInput(string feature) => feature;

    /// <summary>The columns that <see cref="StockSteps"/> may add.</summary>
    /// <param name="feature">The feature column.</param>
    public virtual IReadOnlyList<string> StockColumns(string feature) => [];

    /// <summary>The stock transforms that make <see cref="GraphInput"/> of the feature column, each with the column that it adds.</summary>
    /// <param name="ml">Makes them.</param>
    /// <param name="feature">The feature column.</param>
    /// <param name="shape">The shape of an example.</param>
    /// <param name="ofAnySize">Whether rows of other sizes are brought to that of the shape.</param>
    public virtual IEnumerable<(IEstimator<ITransformer> Step, string Column)> StockSteps(
        MLContext ml, string feature, FeatureShape shape, bool ofAnySize) => [];

    /// <summary>A stock transform that makes vectors of floats of the feature column, for the promise of a schema;
    /// <see langword="null"/> where it holds them.</summary>
    public virtual IEstimator<ITransformer>? ToVectors(MLContext ml, string vectors, string feature) => null;
}
