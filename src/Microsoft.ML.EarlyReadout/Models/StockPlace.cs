namespace Microsoft.ML.EarlyReadout;

/// <summary>Where the graph stands among the stock transformers that a model is saved as: a chain that ML.NET has loaded may hold others as
/// well.</summary>
/// <param name="Before">How many of them stand before it.</param>
/// <param name="After">How many stand behind it.</param>
internal sealed record StockPlace(int Before, int After);
