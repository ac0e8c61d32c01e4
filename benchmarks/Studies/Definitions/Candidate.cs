using Microsoft.ML;

namespace Studies;

/// <summary>A way to train at one setting.</summary>
/// <param name="Setting">The setting, in words.</param>
/// <param name="Fit">Trains; the model adds Score and PredictedLabel.</param>
internal sealed record Candidate(string Setting, Func<Training, ITransformer> Fit);
