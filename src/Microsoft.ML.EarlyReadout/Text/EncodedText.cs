namespace Microsoft.ML.EarlyReadout;

/// <summary>What a tokeniser says of a row that it has encoded.</summary>
/// <param name="Length">The row's tokens, [CLS] and [SEP] included.</param>
/// <param name="IsTruncated">Whether the texts had more pieces than the row has room for.</param>
/// <param name="IsEmpty">Whether the texts had no piece at all.</param>
internal readonly record struct EncodedText(int Length, bool IsTruncated, bool IsEmpty);
