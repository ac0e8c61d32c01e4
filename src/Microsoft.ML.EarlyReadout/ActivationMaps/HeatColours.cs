namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A scale from violet over red and orange to pale yellow that grows evenly lighter, so that it reads without hue: in grey print, and with
/// any colour vision.
/// </summary>
internal static class HeatColours
{
    private static readonly (double Red, double Green, double Blue)[] _stops =
        [
            (66, 10, 104), (106, 23, 110), (147, 38, 103), (188, 55, 84), (221, 81, 58), (243, 120, 25), (252, 165, 10), (246, 215, 70),
            (252, 255, 164),
        ];

    /// <summary>The colour of a number from 0 to 1, as red, green and blue from 0 to 255.</summary>
    public static (double Red, double Green, double Blue) At(double value)
    {
        double place = Math.Clamp(value, 0, 1) * (_stops.Length - 1);
        int below = Math.Min((int)place, _stops.Length - 2);
        double part = place - below;
        ((double r, double g, double b), (double red, double green, double blue)) = (_stops[below], _stops[below + 1]);
        return (r + part * (red - r), g + part * (green - g), b + part * (blue - b));
    }
}
