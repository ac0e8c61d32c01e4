using System.Globalization;
using Microsoft.ML.EarlyReadout;

namespace Quickstart;

/// <summary>
/// What a training reached, and how much of it the last third of its steps brought. A rise at the end says that it may not be done; none
/// does not say that it is: the automatic schedule lets the learning rate fall to zero, and whatever is trained is flat there.
/// </summary>
/// <param name="Best">The highest validation figure.</param>
/// <param name="Rise">How far that is above the highest of the first two thirds of the steps; above 0 where none was validated.</param>
internal readonly record struct LastThird(double Best, double Rise)
{
    /// <summary>Reads it from the points of a training's history.</summary>
    public static LastThird Of(IReadOnlyList<TrainingPoint> points)
    {
        long twoThirds = points[^1].Step * 2 / 3;
        double best = points.Max(point => point.ValidationScore ?? 0);
        double before = points.Where(point => point.Step <= twoThirds).Select(point => point.ValidationScore ?? 0).DefaultIfEmpty().Max();
        return new LastThird(best, best - before);
    }

    /// <summary>The sentence.</summary>
    public string Sentence(Method method) => string.Create(CultureInfo.InvariantCulture,
        $"{method.Name}: {100 * Best:F1} % of validation images, mean of groups; it rose by "
        + $"{100 * Rise:F1} points in the last third of the steps, while the learning rate fell to zero: more steps may give more");
}
