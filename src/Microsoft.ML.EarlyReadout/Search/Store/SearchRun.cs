using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A run of a search: a trial that is trained from one seed.</summary>
/// <param name="Number">Tells it from the search's other runs.</param>
/// <param name="Trial">The trial.</param>
/// <param name="Seed">The seed that it is trained from.</param>
/// <param name="Settings">The trial's settings as JSON.</param>
/// <param name="Rungs">The number of rungs; at the last one it has been trained with all its steps.</param>
/// <param name="Granted">The rung to which it may be trained before anything is decided, from 1.</param>
/// <param name="Priority">Runs of a lower number are claimed first.</param>
[Experimental(ExperimentalId.OwnStore)]
public sealed record SearchRun(int Number, int Trial, long Seed, string Settings, int Rungs, int Granted, int Priority);
