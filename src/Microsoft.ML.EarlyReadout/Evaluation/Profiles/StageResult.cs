namespace Microsoft.ML.EarlyReadout;

/// <summary>How well one column can be decoded from what one stage of a network puts out.</summary>
/// <param name="Stage">The stage, from 1; 0 is what stage 1 reads.</param>
/// <param name="StageName">Its name in the network, such as <c>layer1</c>.</param>
/// <param name="ColumnName">The column that is decoded.</param>
/// <param name="RowCount">Test rows that have a value in it.</param>
/// <param name="Accuracy">The share of them whose value a logistic regression on the stage's output tells, in [0, 1].</param>
/// <param name="AccuracyInterval">Its 95 % interval (Clopper and Pearson).</param>
/// <param name="MostFrequentShare">The share of them that have the value which is most frequent in the training rows: what a decoder
/// reaches that reads nothing.</param>
public sealed record StageResult(
    int Stage, string StageName, string ColumnName, long RowCount, double Accuracy, ConfidenceInterval AccuracyInterval,
    double MostFrequentShare);
