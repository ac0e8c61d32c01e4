namespace Studies;

/// <summary>
/// Blond hair in the first ten thousand images of CelebA, where it goes with women: of the training rows 30 are blond men. 123 MB of bytes.
/// </summary>
internal sealed class CelebAStudy(StudyOptions options) : PhotographStudy(options, Rows(options))
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "celeba-10k";

    protected override string Subject => "celeba";

    /// <summary>The rows, for other studies of the same data.</summary>
    public static PhotographRows Rows(StudyOptions options) => new(options, ownSide: 64, () => DataSets.CelebA10k(options.Folder(Folder)));

    protected override string Question => "Blond hair in 10,000 images of CelebA, groups by gender, a split of our own";

    protected override int OwnEpochs => 46;
}
