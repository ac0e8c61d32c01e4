namespace Studies;

/// <summary>Whether a comment is toxic, which goes with naming an identity, in the published splits.</summary>
internal sealed class CivilCommentsStudy(StudyOptions options)
    : TextStudy(options, new TextRows(options, () => DataSets.CivilComments(options.Folder(Folder))))
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "civilcomments";

    protected override string Subject => "civilcomments";

    protected override string Question => "CivilComments as published, groups by whether an identity is named";

    protected override int MaxTokens => 128;
}
