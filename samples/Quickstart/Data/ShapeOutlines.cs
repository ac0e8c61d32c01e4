using SkiaSharp;

namespace Quickstart;

/// <summary>The outlines of the four shapes, centred at the origin.</summary>
internal static class ShapeOutlines
{
    private const float StarInnerRadius = 0.45f;
    private const float CrossArm = 0.35f;

    /// <summary>The closed outline of a shape that fits into a circle.</summary>
    /// <param name="shape">An index into <see cref="BiasedShapes.Shapes"/>.</param>
    /// <param name="radius">The circle's radius in pixels.</param>
    public static SKPath Create(int shape, float radius)
    {
        var path = new SKPath();
        path.AddPoly(BiasedShapes.Shapes[shape] switch
        {
            "cross" => Cross(radius * 0.95f),
            "square" => Corners(4, _ => radius),
            "star" => Corners(10, corner => corner % 2 == 0 ? radius : radius * StarInnerRadius),
            _ => Corners(3, _ => radius),
        }, close: true);
        return path;
    }

    private static SKPoint[] Corners(int count, Func<int, float> radius) =>
    [
        .. from corner in Enumerable.Range(0, count)
           let angle = 2 * MathF.PI * corner / count
           select new SKPoint(radius(corner) * MathF.Cos(angle), radius(corner) * MathF.Sin(angle)),
    ];

    private static SKPoint[] Cross(float reach)
    {
        float arm = reach * CrossArm;
        return
        [
            new(-arm, -reach), new(arm, -reach), new(arm, -arm), new(reach, -arm), new(reach, arm), new(arm, arm),
            new(arm, reach), new(-arm, reach), new(-arm, arm), new(-reach, arm), new(-reach, -arm), new(-arm, -arm),
        ];
    }
}
