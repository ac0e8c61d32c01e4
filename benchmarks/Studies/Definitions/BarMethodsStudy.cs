namespace Studies;

/// <summary>
/// Actions whose place misleads in the test, every method at one number of steps. What validates decides what can be asked: some of the
/// test images (the paper's "out of domain") can choose among settings; images of training cannot, since in them the place goes with the
/// action, so there each setting of a short list is run and reported.
/// </summary>
/// <remarks>
/// No image says whether its place misleads. The groups are the actions, group DRO has nothing to be told and is left out, and deep feature
/// reweighting is an oracle only where it is fitted to test images. Both splits are drawn once, not by the seed: a test image that has
/// chosen a setting is never counted. 72 MB of bytes.
/// </remarks>
internal sealed class BarMethodsStudy : PhotographStudy
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "bar";

    private const double ValidationFraction = 0.2;
    private const int SplitSeed = 1;

    private static readonly string[] _sieves =
    [
        "stage=2,depth=1,every=5,forget=0.01,readout=0.01,width=64",
        "stage=3,depth=1,every=5,forget=0.01,readout=0.01,width=64",
        "stage=4,depth=1,every=5,forget=0.01,readout=0.01,width=64",
    ];

    private static readonly HashSet<string> _others =
    [
        "identification=1,upweight=20", "identification=3,upweight=20", // Just Train Twice
        "gamma=4,penalty=0", "gamma=8,penalty=0.2", // automatic feature reweighting
        "stage=2,beta=2", "stage=3,beta=2", // the same by a readout
    ];

    private readonly string _validates;

    /// <summary>Makes one.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="validates">The split whose images validate: <see cref="Splits.Test"/> or <see cref="Splits.Train"/>.</param>
    public BarMethodsStudy(StudyOptions options, string validates)
        : base(
            options,
            new(options, ownSide: 96, () => DataSets.Bar(options.Folder(Folder)).WithValidation(validates, ValidationFraction, SplitSeed)))
    {
        _validates = validates;
    }

    protected override string Subject => $"bar-{_validates}-validation";

    public override string FinalFigure => StudyMetrics.Average;

    public override string? GroupColumn => null; // the groups are the classes

    public override IEnumerable<int> SearchSeeds => CanChoose ? base.SearchSeeds : [];

    protected override string Question =>
        FormattableString.Invariant($"Biased Action Recognition, {ValidationFraction:P0} of the {_validates} images validate");

    protected override int OwnEpochs => CanChoose ? 82 : 103;

    protected override IReadOnlyList<Method> Methods => CanChoose
        ? [.. base.Methods.Where(method => method.Name != "group-dro")]
        : [.. base.Methods.Where(method => method.Name is not ("group-dro" or "dfr")).SelectMany(EachSetting)];

    protected override IReadOnlyList<string> KnownSettings => CanChoose || Options.Settings.Count > 0 ? Options.Settings : _sieves;

    private bool CanChoose => _validates == Splits.Test;

    // A method for each setting, so that none is chosen.
    private static IEnumerable<Method> EachSetting(Method method) => method.Candidates.Count == 1
        ? [method]
        : method.Candidates
            .Where(candidate => method.Name.StartsWith("sieve", StringComparison.Ordinal) || _others.Contains(candidate.Setting))
            .Select((candidate, i) => new Method(FormattableString.Invariant($"{method.Name}-{i + 1}"), candidate));
}
