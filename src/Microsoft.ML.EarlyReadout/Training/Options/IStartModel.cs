namespace Microsoft.ML.EarlyReadout;

/// <summary>A model that <see cref="TrainerOptions.StartFrom"/> takes. Options are on a floor below the fitted model's, so they know it by
/// this.</summary>
internal interface IStartModel { }
