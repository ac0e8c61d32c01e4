namespace Studies;

/// <summary>From the name on the command line to the studies that it stands for.</summary>
internal static class StudyList
{
    private static readonly double[] ColouredAgreements = [0.98];
    private static readonly double[] DominoesAgreements = [0.95, 0.99];
    private static readonly double[] ShapesAgreements = [0.85];

    /// <summary>Makes the studies.</summary>
    /// <exception cref="UsageException">There is no such study.</exception>
    public static IReadOnlyList<Study> Create(StudyOptions options) => options.Study switch
    {
        "coloured" => [.. Agreements(options, ColouredAgreements).Select(agreement => new ColouredStudy(options, agreement))],
        "dominoes" => [.. Agreements(options, DominoesAgreements).Select(agreement => new DominoesStudy(options, agreement))],
        "shapes" => [.. Agreements(options, ShapesAgreements).Select(agreement => new ShapesStudy(options, agreement))],
        "bar" => [new BarStudy(options)],
        "distillation" => [.. Agreements(options, DominoesAgreements[..1]).Select(agreement => new DistillationStudy(options, agreement))],
        "adult" => [new AdultStudy(options)],
        _ => throw new UsageException($"no study '{options.Study}'; there are coloured, dominoes, bar, shapes, distillation and adult."),
    };

    private static IEnumerable<double> Agreements(StudyOptions options, double[] own) => options.Agreements.Count > 0 ? options.Agreements : own;
}
