namespace Microsoft.ML.FeatureSieve;

/// <summary>Trains a classifier with the feature sieve.</summary>
public sealed partial class FeatureSieveTrainer
{
}
