namespace Studies;

/// <summary>A figure that others published. It is quoted below a table, never measured here.</summary>
/// <param name="Study">What the names of our studies on its data set begin with.</param>
/// <param name="Method">The method in the publication.</param>
/// <param name="Figure">The figure, as it was published.</param>
/// <param name="Source">Where it is quoted from.</param>
internal sealed record PublishedFigure(string Study, string Method, string Figure, string Source)
{
    private const string Traps = "second-hand, for \"Debiasing Skin Lesion Datasets and Models? Not So Fast\" (CVPRW 2020), Table 3";

    private static readonly PublishedFigure[] All =
    [
        new("isic", "ResNet-18", "44.7 ± 1.5", Traps),
        new("isic", "background normalised", "62.4 ± 3.3", Traps),
        new("isic", "learning not to learn", "54.5 ± 3.0", Traps),
    ];

    /// <summary>Areas under the curve in percent on the data set of a study, which may be one of several parts of it.</summary>
    /// <param name="study">The study, such as <c>isic-1</c>.</param>
    public static IEnumerable<PublishedFigure> Of(string study) =>
        All.Where(figure => study.StartsWith(figure.Study + "-", StringComparison.Ordinal));
}
