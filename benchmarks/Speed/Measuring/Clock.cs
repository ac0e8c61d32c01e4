using System.Diagnostics;

namespace MLSieve.Speed;

/// <summary>A clock that measures a piece of work in seconds.</summary>
internal sealed class Clock
{
    private readonly Func<double> _now;

    private Clock(string name, Func<double> now) => (Name, _now) = (name, now);

    /// <summary>Processor time of all threads of this process. On a busy machine it does not count what others take, as the wall clock
    /// does.</summary>
    public static Clock Processor { get; } = new("processor time", () => Environment.CpuUsage.TotalTime.TotalSeconds);

    /// <summary>Time that passes.</summary>
    public static Clock Wall { get; } = new("wall clock", () => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);

    public string Name { get; }

    public double Now => _now();

    public double Time(Action work)
    {
        double start = Now;
        work();
        return Now - start;
    }
}
