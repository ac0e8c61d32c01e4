using Microsoft.ML;

namespace Studies;

/// <summary>What one training has to work with.</summary>
/// <param name="Ml">A context of its own.</param>
/// <param name="Data">The rows; training looks at the test rows never, at the validation rows only to choose an epoch.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Cancellation">Stops it within a step.</param>
internal sealed record Training(MLContext Ml, StudyData Data, int Seed, CancellationToken Cancellation);
