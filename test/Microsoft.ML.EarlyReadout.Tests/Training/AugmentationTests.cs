using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class AugmentationTests : IDisposable
{
    private readonly TorchSharp.DisposeScope _scope;

    public AugmentationTests()
    {
        NativeBackend.EnsureLoaded();
        _scope = NewDisposeScope();
    }

    public void Dispose() => _scope.Dispose();

    public static TheoryData<ImageLayout, ScalarType> Batches => new MatrixTheoryData<ImageLayout, ScalarType>(
        [ImageLayout.ChannelsFirst, ImageLayout.ChannelsLast], [ScalarType.Byte, ScalarType.Float32]);

    [Theory]
    [MemberData(nameof(Batches))]
    public void Every_image_is_one_of_its_mirrored_and_shifted_versions(ImageLayout layout, ScalarType type)
    {
        const int count = 200, height = 4, width = 5, padding = 2;
        var shape = new ImageShape(layout, 3, height, width);
        var source = Images(count, shape, type);
        var result = new Augmentation(new() { HorizontalFlip = true, CropPadding = padding }, shape).Apply(source, 1);
        Assert.Equal(source.shape, result.shape);
        Assert.Equal(type, result.dtype);
        var (before, after) = (Pixels(source, layout), Pixels(result, layout));
        var seen = new HashSet<(bool, int, int)>();
        for (int i = 0; i < count; i++)
        {
            var matches = Versions().Where(version => IsVersion(before, after, i, version)).ToArray();
            seen.Add(Assert.Single(matches));
        }
        // Of 50 versions, 200 draws leave out fewer than 15 but with negligible probability.
        Assert.InRange(seen.Count, 36, 50);

        static IEnumerable<(bool Mirrored, int Down, int Right)> Versions() =>
            from mirrored in new[] { false, true }
            from down in Enumerable.Range(-padding, 2 * padding + 1)
            from right in Enumerable.Range(-padding, 2 * padding + 1)
            select (mirrored, down, right);

        static bool IsVersion(float[,,,] before, float[,,,] after, int image, (bool Mirrored, int Down, int Right) version)
        {
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++)
                    {
                        int fromY = y + version.Down, fromX = x + version.Right;
                        bool isBorder = fromY is < 0 or >= height || fromX is < 0 or >= width;
                        float expected = isBorder ? 0 : before[image, c, fromY, version.Mirrored ? width - 1 - fromX : fromX];
                        if (after[image, c, y, x] != expected)
                            return false;
                    }
            return true;
        }
    }

    [Fact]
    public void Half_of_the_images_are_mirrored()
    {
        var shape = FeatureShape.Image(1, 1, 2);
        var source = Images(1000, shape, ScalarType.Float32);
        var result = new Augmentation(new() { HorizontalFlip = true }, shape).Apply(source, 3);
        var (before, after) = (Pixels(source, shape.Layout), Pixels(result, shape.Layout));
        Assert.InRange(Enumerable.Range(0, 1000).Count(i => before[i, 0, 0, 0] == after[i, 0, 0, 1]), 430, 570);
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Each_image_is_changed_by_draws_of_its_own_that_lie_in_the_options_ranges(ImageLayout layout, ScalarType type)
    {
        const int count = 300, side = 9;
        var shape = new ImageShape(layout, 3, side, side);
        Tensor gray = full([count, .. shape.Dimensions], 100, type);
        float[,,,] Changed(AugmentationOptions options, Tensor source) => Pixels(new Augmentation(options, shape).Apply(source, 5), layout);

        float[,,,] brighter = Changed(new() { Brightness = 0.4 }, gray);
        float[] factors = [.. Enumerable.Range(0, count).Select(i => brighter[i, 0, 0, 0] / 100)];
        Assert.InRange(factors.Min(), 0.6f, 0.63f);
        Assert.InRange(factors.Max(), 1.37f, 1.4f);
        Assert.InRange(factors.Average(), 0.95f, 1.05f);
        Assert.InRange(factors.Distinct().Count(), 290, count);

        // The tangent of an angle is the slope of columns that brighten evenly, down over across.
        Tensor slope = arange(side).mul(20).view(1, 1, side, 1).expand(count, side, side, 3).to(type);
        if (layout == ImageLayout.ChannelsFirst) slope = slope.permute(0, 3, 1, 2);
        float[,,,] turned = Changed(new() { Rotation = 30 }, slope);
        float[] degrees =
        [
            .. Enumerable.Range(0, count).Select(i =>
                float.RadiansToDegrees(MathF.Atan2(turned[i, 1, 5, 4] - turned[i, 1, 3, 4], turned[i, 1, 4, 5] - turned[i, 1, 4, 3]))),
        ];
        Assert.InRange(degrees.Min(), -30.1f, -27);
        Assert.InRange(degrees.Max(), 27, 30.1f);
        Assert.Equal(0, turned.Cast<float>().Min()); // black has come in

        float[,,,] cropped = Changed(new() { ResizedCropScale = 0.25 }, slope);
        float[] widths = [.. Enumerable.Range(0, count).Select(i => cropped[i, 0, 4, 8] - cropped[i, 0, 4, 0])];
        Assert.All(widths, width => Assert.InRange(width, 20 * 3 - 1, 20 * 8 + 1)); // crops of 4 columns, whose first and last are 3 apart
        Assert.InRange(widths.Select(width => (int)(width / 20 + 0.5)).Distinct().Count(), 5, 6);
    }

    [Fact]
    public void Layout_and_range_of_the_numbers_make_no_difference()
    {
        AugmentationOptions all = Augmentations.All();
        var shape = new ImageShape(ImageLayout.ChannelsFirst, 3, 8, 8);
        Tensor bytes = Images(16, shape, ScalarType.Byte);
        float[,,,] expected = Pixels(new Augmentation(all, shape).Apply(bytes, 7), shape.Layout);
        Assert.True(Pixels(bytes, shape.Layout).Cast<float>().Zip(expected.Cast<float>()).Average(p => Math.Abs(p.First - p.Second)) > 10);

        ImageShape last = shape with { Layout = ImageLayout.ChannelsLast };
        AssertClose(expected, Pixels(new Augmentation(all, last).Apply(bytes.permute(0, 2, 3, 1).contiguous(), 7), last.Layout));
        AssertClose(expected, Pixels(new Augmentation(all, shape).Apply(bytes.to(ScalarType.Float32), 7), shape.Layout));
        Tensor signed = bytes.to(ScalarType.Float32).div(127.5f).sub(1);
        Tensor changed = new Augmentation(all, shape, new PixelRange(ValueRange.AsIs, -1, 1)).Apply(signed, 7);
        AssertClose(expected, Pixels(changed.add(1).mul(127.5f), shape.Layout));

        static void AssertClose(float[,,,] expected, float[,,,] actual) => Assert.All(
            expected.Cast<float>().Zip(actual.Cast<float>()), pair => Assert.Equal(pair.First, pair.Second, 0.01f));
    }

    /// <summary>So a training with mirrored images alone is what it was before there were other options.</summary>
    [Fact]
    public void What_one_option_draws_does_not_depend_on_the_others()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        Tensor source = Images(16, shape, ScalarType.Byte);
        AugmentationOptions all = Augmentations.All(), others = Augmentations.All();
        (others.HorizontalFlip, others.CropPadding) = (false, 0);
        Tensor moved = new Augmentation(new() { HorizontalFlip = true, CropPadding = all.CropPadding }, shape).Apply(source, 7);
        Assert.Equal(
            new Augmentation(others, shape).Apply(moved, 7).bytes.ToArray(),
            new Augmentation(all, shape).Apply(source, 7).bytes.ToArray());
    }

    [Fact]
    public void Equal_seeds_change_equally_and_others_do_not()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        var source = Images(16, shape, ScalarType.Byte);
        foreach (var augmentation in new[] { new Augmentation(Moves(), shape), new Augmentation(Augmentations.All(), shape) })
        {
            var first = augmentation.Apply(source, 9).bytes.ToArray();
            Assert.Equal(first, augmentation.Apply(source, 9).bytes.ToArray());
            Assert.NotEqual(first, augmentation.Apply(source, 10).bytes.ToArray());
        }
    }

    [Fact]
    public void One_tensor_comes_out_and_no_other_stays()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        var source = Images(4, shape, ScalarType.Byte);
        using var check = NativeLeakCheck.Start();
        new Augmentation(Moves(), shape).Apply(source, 9).Dispose();
        new Augmentation(Augmentations.All(), shape).Apply(source, 9).Dispose();
    }

    [Fact]
    public void The_global_generator_and_the_source_stay_as_they_are()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        foreach (ScalarType type in new[] { ScalarType.Byte, ScalarType.Float32 })
        {
            var source = Images(16, shape, type);
            var before = source.bytes.ToArray();
            var state = get_rng_state().bytes.ToArray();
            new Augmentation(Augmentations.All(), shape).Apply(source, 9);
            new Augmentation(new() { Brightness = 0.5 }, shape).Apply(source, 9);
            Assert.Equal(before, source.bytes.ToArray());
            Assert.Equal(state, get_rng_state().bytes.ToArray());
        }
    }

    [Fact]
    public void Without_options_everything_passes_through()
    {
        var vectors = zeros(3, 7);
        Assert.Same(vectors, new Augmentation(new(), FeatureShape.Vector(7)).Apply(vectors, 1));
        var images = zeros(3, 1, 4, 4);
        Assert.Same(images, new Augmentation(new(), FeatureShape.Image(1, 4, 4)).Apply(images, 1));
    }

    [Fact]
    public void What_does_not_go_with_the_features_is_refused()
    {
        AssertFault(
            "Augmentation.HorizontalFlip is given, which is for images; the features are vectors of 7 numbers.",
            new() { HorizontalFlip = true, Hue = 0.1 }, FeatureShape.Vector(7));
        AssertFault(
            "Augmentation.ResizedCropScale is given, which is for images; the features are texts of up to 9 tokens.",
            new() { ResizedCropScale = 0.5 }, FeatureShape.Tokens(9, 100, 3));
        AssertFault(
            "Augmentation.CropPadding is 4; it must be less than the image's shorter side, 4.",
            new() { CropPadding = 4 }, FeatureShape.Image(3, 4, 9));
        AssertFault(
            "Augmentation.Saturation is given, which is for images of 3 channels; these have 1. "
                + "Augmentation.Hue is given, which is for images of 3 channels; these have 1.",
            new() { Brightness = 1, Contrast = 1, Saturation = 1, Hue = 0.1 }, FeatureShape.Image(1, 4, 9));
        AssertFault(
            "Augmentation.Contrast is given, which is for images of 1 or 3 channels; these have 4.",
            new() { Brightness = 1, Contrast = 1 }, FeatureShape.Image(4, 4, 9));

        static void AssertFault(string fault, AugmentationOptions options, FeatureShape shape) =>
            Assert.Equal(fault, Assert.Throws<ArgumentException>(() => new Augmentation(options, shape)).Message);
    }

    private static AugmentationOptions Moves() => new() { HorizontalFlip = true, CropPadding = 2 };

    // No two pixels of an image are equal and none is 0, so that an image has one version only.
    private static Tensor Images(int count, FeatureShape shape, ScalarType type)
    {
        var random = new Random(4);
        var values = Enumerable.Range(0, count)
            .SelectMany(_ => Enumerable.Range(1, shape.Size).Select(value => (float)value).OrderBy(_ => random.Next()))
            .ToArray();
        return tensor(values).reshape([count, .. shape.Dimensions]).to(type);
    }

    private static float[,,,] Pixels(Tensor batch, ImageLayout layout)
    {
        var planar = (layout == ImageLayout.ChannelsLast ? batch.permute(0, 3, 1, 2) : batch).to(ScalarType.Float32).contiguous();
        var pixels = new float[planar.shape[0], planar.shape[1], planar.shape[2], planar.shape[3]];
        Buffer.BlockCopy(planar.data<float>().ToArray(), 0, pixels, 0, pixels.Length * sizeof(float));
        return pixels;
    }
}
