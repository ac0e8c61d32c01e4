namespace Microsoft.ML.EarlyReadout;

/// <summary>What a character does to the words around it.</summary>
internal enum CharacterKind
{
    /// <summary>It is left out, as if it were not there: accents, control characters.</summary>
    Dropped,

    /// <summary>It belongs to a word.</summary>
    Letter,

    /// <summary>It is a word of its own: punctuation, Chinese characters.</summary>
    Alone,

    /// <summary>It ends a word.</summary>
    Space,
}
