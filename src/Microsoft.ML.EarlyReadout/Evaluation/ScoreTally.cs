namespace Microsoft.ML.EarlyReadout;

/// <summary>Log-loss and expected calibration error, summed over rows.</summary>
internal sealed class ScoreTally(int bins)
{
    // ML.NET's own Evaluate bounds a probability below by this, and so charges a class that the model does not know.
    private const float LeastProbability = 1e-15f;

    // Room for rounding of float32 probabilities over very many classes.
    private const double SumTolerance = 1e-3;

    private readonly double[] _confidence = new double[bins];
    private readonly long[] _correct = new long[bins];
    private double _logLoss;
    private long _rows;
    private bool _probabilities = true;

    /// <summary>Rows with a score that is NaN or infinite; they are in no sum here.</summary>
    public long InvalidRows { get; private set; }

    /// <param name="scores">One score per class (C).</param>
    /// <param name="label">The true class; not below C when the model does not know the class.</param>
    /// <param name="correct">Whether the predicted label is the true one.</param>
    public void Add(ReadOnlySpan<float> scores, int label, bool correct)
    {
        double sum = 0;
        float top = float.NegativeInfinity, least = float.PositiveInfinity;
        foreach (float score in scores)
        {
            sum += score;
            top = Math.Max(top, score);
            least = Math.Min(least, score);
        }
        if (!double.IsFinite(sum))
        {
            InvalidRows++;
            return;
        }
        if (least < 0 || Math.Abs(sum - 1) > SumTolerance)
            _probabilities = false;

        float probability = label < scores.Length ? scores[label] : 0;
        _logLoss -= Math.Log(Math.Clamp(probability, LeastProbability, 1));
        int bin = Math.Clamp((int)(top * _confidence.Length), 0, _confidence.Length - 1);
        _confidence[bin] += top;
        if (correct)
            _correct[bin]++;
        _rows++;
    }

    /// <summary>Mean of −log p(true class); null when the scores are not probabilities or none is finite.</summary>
    public double? LogLoss => _probabilities && _rows > 0 ? _logLoss / _rows : null;

    /// <summary>Σ over bins of |right − Σ confidence| / rows; null as above.</summary>
    public double? ExpectedCalibrationError =>
        _probabilities && _rows > 0 ? _confidence.Zip(_correct, (confidence, right) => Math.Abs(right - confidence)).Sum() / _rows : null;
}
