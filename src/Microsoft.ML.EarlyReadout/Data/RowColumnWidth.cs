using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>How many numbers a row has in a <see cref="RowColumn"/>.</summary>
[Experimental(ExperimentalId.OwnMethod)]
[JsonConverter(typeof(JsonStringEnumConverter<RowColumnWidth>))]
public enum RowColumnWidth
{
    /// <summary>One: a column of type <c>Single</c>. A batch has (B).</summary>
    One,

    /// <summary>One for each class of the label: a <c>Vector&lt;Single&gt;</c> of so many slots. A batch has (B, classes).</summary>
    OnePerClass,

    /// <summary>As many as the column has: a <c>Vector&lt;Single&gt;</c> of known size. A batch has (B, slots), or (B, C, H, W) where the
    /// column's type has the dimensions (C, H, W) or (1, C, H, W).</summary>
    Any,
}

/// <summary>What the widths allow, and how messages say it.</summary>
internal static class RowColumnWidths
{
    /// <summary>Whether a column may be of a size.</summary>
    /// <param name="width">The width.</param>
    /// <param name="slots">The slots; 0: unknown, <see langword="null"/>: the column is no vector.</param>
    /// <param name="classes">The classes of the label.</param>
    public static bool Allows(this RowColumnWidth width, int? slots, int classes) => width switch
    {
        RowColumnWidth.One => slots is null,
        RowColumnWidth.OnePerClass => slots == classes,
        RowColumnWidth.Any => slots > 0,
        _ => throw new UnreachableException($"No width {width}."),
    };

    /// <summary>The type that is expected, in words.</summary>
    public static string Expected(this RowColumnWidth width, int classes) => width switch
    {
        RowColumnWidth.One => "Single",
        RowColumnWidth.OnePerClass => FormattableString.Invariant($"Vector<Single> with one slot for each of the {classes} classes"),
        RowColumnWidth.Any => "Vector<Single> of known size",
        _ => throw new UnreachableException($"No width {width}."),
    };
}
