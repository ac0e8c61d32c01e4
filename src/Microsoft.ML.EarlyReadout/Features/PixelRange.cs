using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the numbers of an image column mean. The training rows decide it once; validation, scoring, padding and pictures go by
/// it.</summary>
/// <param name="Kind">How they enter the network; never <see cref="ValueRange.Automatic"/>.</param>
/// <param name="Black">The number that is black.</param>
/// <param name="White">The number that is white, more than <paramref name="Black"/>.</param>
internal sealed record PixelRange(ValueRange Kind, float Black, float White)
{
    private const float Tolerance = 0.1f; // by which a sharp resizing filter may overshoot, as a part of the range
    private const float LargeNumber = 10; // what no network is meant to be fed
    private const float DarkWhite = 64; // bytes of real pictures, all training rows together, reach far more

    /// <summary>Pixels as files and <c>ExtractPixels</c> have them.</summary>
    public static PixelRange Bytes { get; } = new(ValueRange.ZeroTo255, 0, byte.MaxValue);

    private static PixelRange Unit { get; } = new(ValueRange.ZeroToOne, 0, 1);

    /// <summary>Subtracted where no mean is given.</summary>
    public float Mean => Kind == ValueRange.AsIs ? 0 : (Black + White) / 2;

    /// <summary>Multiplies what is left, where no scale is given.</summary>
    public float Scale => Kind == ValueRange.AsIs ? 1 : 2 / (White - Black);

    /// <summary>The range that numbers suggest by their smallest and their largest.</summary>
    public static PixelRange Of(float smallest, float largest)
    {
        if (smallest < -Tolerance * Math.Max(largest, 0)) return AsTheyAre(smallest, largest);
        if (largest == 0) return Bytes; // all black, in any range
        if (largest <= Unit.White + Tolerance) return Unit;
        return largest <= Bytes.White + Tolerance * Bytes.White ? Bytes : AsTheyAre(smallest, largest);
    }

    /// <summary>The range of training rows.</summary>
    /// <param name="input">What the user says.</param>
    /// <param name="column">The column.</param>
    /// <param name="smallest">The smallest number of the training rows.</param>
    /// <param name="largest">The largest.</param>
    /// <param name="log">Receives what was chosen, and from what.</param>
    /// <param name="warn">Receives what looks wrong about it.</param>
    /// <exception cref="ArgumentException">The user names a range that the numbers are not in.</exception>
    public static PixelRange Choose(
        InputOptions input, FeatureColumn column, float smallest, float largest, Action<string> log, Action<string> warn)
    {
        string name = column.Column.Name;
        PixelRange seen = column.Format.Range ?? Of(smallest, largest);
        PixelRange chosen = input.ValueRange switch
        {
            ValueRange.Automatic => seen,
            ValueRange.ZeroTo255 => Bytes,
            ValueRange.ZeroToOne => Unit,
            ValueRange.AsIs => seen with { Kind = ValueRange.AsIs },
            _ => throw new UnreachableException($"No range {input.ValueRange}."),
        };
        if (!chosen.Holds(smallest, largest))
        {
            throw new ArgumentException($"Network.Input.ValueRange is {chosen.Kind}, but the training rows of column '{name}' have "
                + FormattableString.Invariant($"numbers from {smallest:G4} to {largest:G4}."));
        }

        bool automatic = input.ValueRange == ValueRange.Automatic;
        bool isKnown = column.Format.Range is not null && automatic; // whatever the numbers are
        string found = isKnown ? $"holds {column.Format.Contents}"
            : FormattableString.Invariant($"holds numbers from {smallest:G4} to {largest:G4}");
        string how = automatic ? ", chosen automatically" : "";
        string entering = isKnown ? chosen.Entering(input, chosen.Black, chosen.White) : chosen.Entering(input, smallest, largest);
        log($"Column '{name}' {found}: Network.Input.ValueRange is {chosen.Kind}{how}. {entering}");
        foreach (string warning in chosen.Warnings(input, column, smallest, largest)) warn(warning);
        return chosen;
    }

    /// <summary>Checks that other rows, such as a validation set, are in the range that the training rows decided.</summary>
    /// <param name="column">The column's name.</param>
    /// <param name="rows">What messages call those rows.</param>
    /// <param name="smallest">The smallest number of those rows.</param>
    /// <param name="largest">The largest.</param>
    /// <param name="warn">Is told of rows that are far darker than the range.</param>
    /// <exception cref="ArgumentException">They are not.</exception>
    public void Require(string column, string? rows, float smallest, float largest, Action<string> warn)
    {
        string numbers = FormattableString.Invariant($"numbers from {smallest:G4} to {largest:G4}");
        if (!Holds(smallest, largest))
        {
            throw new ArgumentException($"The feature column '{column}'{ColumnFinder.Of(rows)} has {numbers}; "
                + $"in the training rows the range is {Kind}. Make both by the same transforms.");
        }

        if (Kind == ValueRange.ZeroTo255 && largest > 0 && largest <= Unit.White)
        {
            warn($"The feature column '{column}'{ColumnFinder.Of(rows)} has {numbers}, the training rows have pixels of the range "
                + $"{Kind}: if the former are pixels from 0 to 1, make both by the same transforms.");
        }
    }

    private static PixelRange AsTheyAre(float smallest, float largest) => smallest >= -1 - Tolerance && largest <= 1 + Tolerance
        ? new(ValueRange.AsIs, -1, 1)
        : new(ValueRange.AsIs, smallest, largest > smallest ? largest : smallest + 1);

    private bool Holds(float smallest, float largest) =>
        Kind == ValueRange.AsIs || (smallest >= Black - Tolerance * (White - Black) && largest <= White + Tolerance * (White - Black));

    private string Entering(InputOptions input, float smallest, float largest) => (input.Mean.Length > 0, input.Scale.Length > 0) switch
    {
        (true, true) => "They enter the network by the Mean and Scale given.",
        (true, false) => "They enter the network by the Mean given.",
        (false, true) => "They enter the network by the Scale given.",
        _ when Kind == ValueRange.AsIs => "They enter the network as they are.",
        _ => FormattableString.Invariant($"They enter the network as {Entered(smallest):G3} to {Entered(largest):G3}."),
    };

    private float Entered(float number) => (number - Mean) * Scale;

    private IEnumerable<string> Warnings(InputOptions input, FeatureColumn column, float smallest, float largest)
    {
        float reach = Tolerance * (White - Black);
        if (input.Mean.Any(mean => mean < Black - reach || mean > White + reach))
        {
            yield return FormattableString.Invariant($"Network.Input.Mean goes up to {input.Mean.Max():G4}, but black is {Black:G4} ")
                + FormattableString.Invariant($"and white {White:G4}: Mean and Scale are in the column's units. ")
                + "InputOptions.ImageNet is for pixels from 0 to 255.";
        }

        if (Kind == ValueRange.AsIs && input.Mean.Length == 0 && input.Scale.Length == 0 && Math.Max(-smallest, largest) > LargeNumber)
        {
            yield return FormattableString.Invariant($"Numbers as large as {Math.Max(-smallest, largest):G4} train badly: ")
                + "set Network.Input.Mean and Scale, or scale the column.";
        }

        if (Kind == ValueRange.ZeroTo255 && largest is > 0 and < DarkWhite && column.Format.Range is null
            && input is { ValueRange: ValueRange.Automatic, Mean: [], Scale: [] })
        {
            yield return FormattableString.Invariant($"Column '{column.Column.Name}' holds numbers up to {largest:G4}, which fill ")
                + FormattableString.Invariant($"{100 * largest / White:G2} % of 0 to 255: set Network.Input.Mean and Scale, or scale ")
                + "the column. If they are dark pixels, set Network.Input.ValueRange to ZeroTo255.";
        }
    }
}
