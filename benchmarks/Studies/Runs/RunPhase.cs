namespace Studies;

/// <summary>What a run is for.</summary>
internal enum RunPhase
{
    /// <summary>To choose a setting: it looks at validation rows alone.</summary>
    Search,

    /// <summary>To be reported: it looks at test rows too.</summary>
    Final,
}
