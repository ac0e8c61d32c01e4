// Draws the icon of the packages: dotnet run build/draw-icon.cs -- build/icon.png
// A sieve keeps what is big and easy to see, and lets the fine grains through.
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies

using SkiaSharp;

const int side = 128;
using var surface = SKSurface.Create(new SKImageInfo(side, side));
SKCanvas canvas = surface.Canvas;
canvas.Clear(SKColors.Transparent);
using SKPaint ground = Paint("#16324f"), rim = Paint("#f4f1ea"), coarse = Paint("#f28c28"), fine = Paint("#7fd1ae");

canvas.DrawRoundRect(0, 0, side, side, 24, 24, ground);
for (int i = 0; i < 7; i++) canvas.DrawRoundRect(20 + 13 * i, 62, 9, 6, 2, 2, rim); // the mesh
canvas.DrawRoundRect(13, 34, 7, 34, 3, 3, rim);
canvas.DrawRoundRect(side - 20, 34, 7, 34, 3, 3, rim);
foreach ((float x, float y) in new[] { (38f, 48f), (64f, 48f), (90f, 48f), (51f, 25f), (77f, 25f) }) canvas.DrawCircle(x, y, 12, coarse);
foreach ((float x, float y) in new[] { (31f, 82f), (57f, 78f), (83f, 84f), (44f, 95f), (70f, 97f), (96f, 97f), (57f, 111f), (83f, 112f) })
    canvas.DrawCircle(x, y, 4, fine);

using SKImage image = surface.Snapshot();
using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
File.WriteAllBytes(args[0], png.ToArray());

static SKPaint Paint(string colour) => new() { Color = SKColor.Parse(colour), IsAntialias = true };
