namespace Studies;

/// <summary>A figure that others published. It is quoted, never measured here, and stands in a column of its own.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Study">The study of ours on the same data set, or <see langword="null"/> where there is none.</param>
/// <param name="Method">The method in the publication.</param>
/// <param name="Figure">The figure, as it was published.</param>
/// <param name="Source">Where it is quoted from.</param>
internal sealed record PublishedFigure(string DataSet, string? Study, string Method, string Figure, string Source)
{
    private const string SecondHand = "second-hand, for \"Using Early Readouts to Mediate Featural Bias in Distillation\" (WACV 2024)";
    private const string Traps = "second-hand, for \"Debiasing Skin Lesion Datasets and Models? Not So Fast\" (CVPRW 2020), Table 3";

    /// <summary>Worst-group accuracies of distilled students in percent.</summary>
    public static readonly IReadOnlyList<PublishedFigure> Distillation =
    [
        new("Waterbirds", null, "DeTT", "87.5", SecondHand),
        new("Waterbirds", null, "debiased distillation", "89.8", SecondHand),
        new("CelebA", null, "DeTT", "89.5", SecondHand),
        new("CelebA", null, "debiased distillation", "89.6", SecondHand),
        new("MultiNLI", null, "DeTT", "77.9", SecondHand),
        new("MultiNLI", null, "debiased distillation", "78.9", SecondHand),
        new("CivilComments", null, "DeTT", "75.0", SecondHand),
        new("CivilComments", null, "debiased distillation", "78.3", SecondHand),
    ];

    private static readonly PublishedFigure[] Queued =
    [
        new("ISIC trap sets", "isic", "ResNet-18", "44.7 ± 1.5", Traps),
        new("ISIC trap sets", "isic", "background normalised", "62.4 ± 3.3", Traps),
        new("ISIC trap sets", "isic", "learning not to learn", "54.5 ± 3.0", Traps),
    ];

    /// <summary>Areas under the curve in percent on the data set of a queue's study, which may be one of several parts of it.</summary>
    /// <param name="study">The study, such as <c>isic-1</c>.</param>
    public static IEnumerable<PublishedFigure> OfQueue(string study) =>
        Queued.Where(figure => study.StartsWith(figure.Study + "-", StringComparison.Ordinal));
}
