using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Running means of losses and the like. A step adds tensors, which stay on the device; only reading waits for it, so a step never does.
/// </summary>
internal sealed class LossMeters(Device device, RankGroup ranks) : IDisposable
{
    private readonly Dictionary<string, RunningSum> _meters = [];
    private readonly List<(long Step, string Name, Tensor Value)> _unread = [];

    /// <summary>The ranks over which the meters are summed.</summary>
    public RankGroup Ranks => ranks;

    /// <summary>The step of the training that is under way, from 1.</summary>
    public long Step { get; set; }

    /// <summary>Adds a mean over <paramref name="rows"/> rows.</summary>
    /// <param name="name">The meter.</param>
    /// <param name="mean">A scalar tensor; its graph is not kept.</param>
    /// <param name="rows">The rows that it is a mean of.</param>
    public void Add(string name, Tensor mean, long rows)
    {
        RunningSum meter = Of(name);
        meter.Sum.add_(CheckFinite(name, mean), Scalars.Of(rows));
        meter.Rows += rows;
    }

    /// <summary>Takes a number that <see cref="FindFault"/> looks at, without a mean of it.</summary>
    /// <returns>The number without its graph; it stays this object's.</returns>
    public Tensor CheckFinite(string name, Tensor value)
    {
        Tensor kept = value.detach().DetachFromDisposeScope();
        _unread.Add((Step, name, kept));
        return kept;
    }

    /// <summary>The means so far, by name, in the order in which the meters first appeared.</summary>
    public IReadOnlyDictionary<string, double> Read() =>
        Sums().Where(entry => entry.Value.Rows > 0).ToDictionary(entry => entry.Key, entry => entry.Value.Sum / entry.Value.Rows);

    /// <summary>What the means over all ranks are made of, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, MeterSum> Sums()
    {
        double[] own = [.. _meters.Values.SelectMany(meter =>
        {
            using Tensor sum = meter.Sum.cpu();
            return new[] { sum.ReadCpuDouble(0), meter.Rows };
        })];
        double[] all = ranks.Sum(own); // in the order in which the meters first appeared, which is that of all ranks
        return _meters.Keys.Index().ToDictionary(
            entry => entry.Item, entry => new MeterSum(all[2 * entry.Index], (long)all[(2 * entry.Index) + 1]));
    }

    /// <summary>Goes on from what <see cref="Sums"/> gave.</summary>
    public void Load(IReadOnlyDictionary<string, MeterSum> sums)
    {
        foreach ((string name, MeterSum sum) in sums)
        {
            RunningSum meter = Of(name);
            using TorchSharp.Scalar total = Scalars.Passing(ranks.IsFirst ? sum.Sum : 0); // one rank has what all had
            meter.Sum.fill_(total);
            meter.Rows = ranks.IsFirst ? sum.Rows : 0;
        }
    }

    /// <summary>
    /// The first step since the last call at which a number was NaN or infinite in some rank, with all numbers of that step in this one;
    /// <see langword="null"/> where there was none.
    /// </summary>
    public (long Step, IReadOnlyDictionary<string, double> Values)? FindFault()
    {
        try
        {
            if (_unread.Count == 0) return null;
            using DisposeScope scope = NewDisposeScope();
            double[] values = stack(_unread.Select(entry => entry.Value.to(float64))).cpu().data<double>().ToArray();
            int fault = Array.FindIndex(values, value => !double.IsFinite(value));
            double first = ranks.Each(fault < 0 ? double.PositiveInfinity : _unread[fault].Step).Min();
            if (double.IsPositiveInfinity(first)) return null;
            long step = (long)first;
            var ofStep = new Dictionary<string, double>();
            foreach ((int i, (long _, string name, Tensor _)) in _unread.Index().Where(entry => entry.Item.Step == step))
            {
                // of several by one name, such as the norms of several optimisers' gradients, the one at fault is told
                if (double.IsFinite(ofStep.GetValueOrDefault(name))) ofStep[name] = values[i];
            }

            return (step, ofStep);
        }
        finally
        {
            Drop();
        }
    }

    /// <summary>Starts all means afresh.</summary>
    public void Reset()
    {
        Drop();
        foreach (RunningSum meter in _meters.Values)
        {
            meter.Sum.zero_();
            meter.Rows = 0;
        }
    }

    public void Dispose()
    {
        Drop();
        foreach (RunningSum meter in _meters.Values) meter.Sum.Dispose();
        _meters.Clear();
    }

    private RunningSum Of(string name)
    {
        if (_meters.TryGetValue(name, out RunningSum? meter)) return meter;
        return _meters[name] = new RunningSum(zeros([], float64, device).DetachFromDisposeScope());
    }

    private void Drop()
    {
        foreach ((_, _, Tensor value) in _unread) value.Dispose();
        _unread.Clear();
    }

    private sealed class RunningSum(Tensor sum)
    {
        public Tensor Sum { get; } = sum;

        public long Rows { get; set; }
    }
}

/// <summary>A mean before it is divided.</summary>
/// <param name="Sum">Σ mean · rows.</param>
/// <param name="Rows">Σ rows.</param>
internal readonly record struct MeterSum(double Sum, long Rows);
