namespace Microsoft.ML.EarlyReadout;

/// <summary>The validation rows of one group, or of one class, in a <see cref="TrainingValidation"/>.</summary>
/// <param name="Name">The group's or class's name, as the log has it.</param>
/// <param name="Count">Its validation rows; at least 1.</param>
/// <param name="Correct">Those whose class the network predicts.</param>
public sealed record ValidationGroup(string Name, long Count, long Correct);
