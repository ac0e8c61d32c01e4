namespace Microsoft.ML.EarlyReadout;

/// <summary>What a teacher's graph says of a row, in one run.</summary>
/// <param name="Scores">One number a class.</param>
/// <param name="Features">The features; the scores where no other output is asked for.</param>
internal sealed record OnnxAnswer(float[] Scores, float[] Features);
