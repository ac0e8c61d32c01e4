namespace Studies;

/// <summary>What a method is told that the others are not. All choose epochs and settings by the groups of validation rows.</summary>
internal enum Told
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>The groups of the rows that it fits something to.</summary>
    Groups,

    /// <summary>What a teacher says that was told the groups of training rows.</summary>
    ByTeacher,

    /// <summary>Other training rows, in which what misleads tells less.</summary>
    Rows,
}

/// <summary>The words for it, the same in tables, pictures and on the page.</summary>
internal static class ToldWords
{
    /// <summary>In words.</summary>
    public static string InWords(this Told told) => told switch
    {
        Told.Groups => "gets groups",
        Told.ByTeacher => "taught by one that gets groups",
        Told.Rows => "gets other rows",
        _ => "no groups in training",
    };
}
