using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>The settings of a method as the library's own search finds them.</summary>
/// <param name="Create">
/// Fresh options of the search: what is trained, what is varied, and how many settings are drawn. Seeds, store and workers are left to
/// whoever searches.
/// </param>
/// <param name="At">The method at a setting, in words.</param>
internal sealed record SearchedSettings(Func<SieveSearchOptions> Create, Func<string, Candidate> At);
