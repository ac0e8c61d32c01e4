using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Running means of losses and the like. A step adds tensors, which stay on the device; only reading waits for it, so a step never does.
/// </summary>
internal sealed class LossMeters(Device device) : IDisposable
{
    private readonly Dictionary<string, Meter> _meters = [];

    /// <summary>Adds a mean over <paramref name="rows"/> rows.</summary>
    /// <param name="name">The meter.</param>
    /// <param name="mean">A scalar tensor; its graph is not kept.</param>
    /// <param name="rows">The rows that it is a mean of.</param>
    public void Add(string name, Tensor mean, long rows)
    {
        if (!_meters.TryGetValue(name, out Meter? meter))
        {
            meter = new Meter(zeros([], float64, device).DetachFromDisposeScope());
            _meters.Add(name, meter);
        }

        using Tensor value = mean.detach();
        meter.Sum.add_(value, Scalars.Of(rows));
        meter.Rows += rows;
    }

    /// <summary>The means so far, by name, in the order in which the meters first appeared.</summary>
    public IReadOnlyDictionary<string, double> Read()
    {
        var means = new Dictionary<string, double>();
        foreach ((string name, Meter meter) in _meters)
        {
            if (meter.Rows == 0) continue;
            using Tensor sum = meter.Sum.cpu();
            means.Add(name, sum.ReadCpuDouble(0) / meter.Rows);
        }

        return means;
    }

    /// <summary>Starts all means afresh.</summary>
    public void Reset()
    {
        foreach (Meter meter in _meters.Values)
        {
            meter.Sum.zero_();
            meter.Rows = 0;
        }
    }

    public void Dispose()
    {
        foreach (Meter meter in _meters.Values) meter.Sum.Dispose();
        _meters.Clear();
    }

    private sealed class Meter(Tensor sum)
    {
        public Tensor Sum { get; } = sum;

        public long Rows { get; set; }
    }
}
