namespace Studies;

/// <summary>
/// Cats and dogs that training shows in front of land and sea. In validation and test each pet stands in front of both. 59 MB of bytes.
/// </summary>
internal sealed class PetsStudy(StudyOptions options) : PhotographStudy(options, Rows(options))
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "pets-on-scenes";

    protected override string Subject => "pets";

    /// <summary>The rows, for other studies of the same data.</summary>
    public static PhotographRows Rows(StudyOptions options) =>
        new(options, ownSide: 128, () => DataSets.PetsOnScenes(options.Folder(Folder)));

    protected override string Question => "Pets on scenes, its own splits";

    protected override int OwnEpochs => 10;
}
