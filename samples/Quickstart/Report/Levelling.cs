using System.Globalization;
using Microsoft.ML.EarlyReadout;

namespace Quickstart;

/// <summary>
/// Whether a training was long enough to be compared with another one: a network that is still learning says only who learns faster.
/// </summary>
/// <param name="Best">The highest validation figure.</param>
/// <param name="Rise">How far that is above the highest of the first two thirds of the steps; above 0 where none was validated.</param>
internal readonly record struct Levelling(double Best, double Rise)
{
    private const double Point = 0.01;

    /// <summary>Reads it from the points of a training's history.</summary>
    public static Levelling Of(IReadOnlyList<TrainingPoint> points)
    {
        long lastThird = points[^1].Step * 2 / 3;
        double best = points.Max(point => point.ValidationScore ?? 0);
        double before = points.Where(point => point.Step <= lastThird).Select(point => point.ValidationScore ?? 0).DefaultIfEmpty().Max();
        return new Levelling(best, best - before);
    }

    /// <summary>Whether the last third of the steps brought a point at most.</summary>
    public bool IsLevel => Rise <= Point;

    /// <summary>The sentence.</summary>
    public string Sentence(Method method) => string.Create(CultureInfo.InvariantCulture,
        $"{method.Name}: {100 * Best:F1} % of validation images, mean of groups; it {(IsLevel ? "has levelled" : "was still rising")}: "
        + $"{100 * Rise:+0.0;−0.0;0.0} points in the last third of the steps");
}
