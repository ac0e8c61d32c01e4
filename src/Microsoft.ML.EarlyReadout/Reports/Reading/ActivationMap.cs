namespace Microsoft.ML.EarlyReadout;

/// <summary>The class activation map of the predicted class, after its ReLU.</summary>
internal sealed record ActivationMap(float[] Values, int Height, int Width);
