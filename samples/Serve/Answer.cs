namespace Serve;

/// <summary>What the model says of one example.</summary>
/// <param name="PredictedClass">The most probable class.</param>
/// <param name="Scores">The probability of each class.</param>
internal sealed record Answer(string PredictedClass, IReadOnlyDictionary<string, float> Scores);

/// <summary>What the model is.</summary>
/// <param name="Input"><c>image</c> or <c>row</c>.</param>
/// <param name="Columns">The columns of a row by name, with their types; empty where an image is asked for.</param>
/// <param name="Classes">The classes, in the order of their scores.</param>
internal sealed record Description(string Input, IReadOnlyDictionary<string, string> Columns, IReadOnlyList<string> Classes);
