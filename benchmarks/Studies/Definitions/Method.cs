using Microsoft.ML;

namespace Studies;

/// <summary>A way to train, with the settings among which validation rows choose.</summary>
/// <param name="Name">The name under which it is recorded.</param>
/// <param name="Candidates">The settings; where there is one, nothing is chosen.</param>
internal sealed record Method(string Name, params IReadOnlyList<Candidate> Candidates)
{
    /// <summary>The settings as a search finds them, in place of candidates; <see langword="null"/>: there are candidates.</summary>
    public SearchedSettings? Settings { get; init; }

    /// <summary>The method at one of its settings.</summary>
    public Candidate At(string setting) =>
        Settings?.At(setting) ?? Candidates.Single(candidate => candidate.Setting == setting);
}

/// <summary>A way to train at one setting.</summary>
/// <param name="Setting">The setting, in words.</param>
/// <param name="Fit">Trains; the model adds Score and PredictedLabel.</param>
internal sealed record Candidate(string Setting, Func<Training, ITransformer> Fit);

/// <summary>What one training has to work with.</summary>
/// <param name="Ml">A context of its own.</param>
/// <param name="Data">The rows; training looks at the test rows never, at the validation rows only to choose an epoch.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Cancellation">Stops it within a step.</param>
internal sealed record Training(MLContext Ml, StudyData Data, int Seed, CancellationToken Cancellation);
