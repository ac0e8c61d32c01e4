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

    [Theory]
    [InlineData(ImageLayout.ChannelsFirst, ScalarType.Byte)]
    [InlineData(ImageLayout.ChannelsFirst, ScalarType.Float32)]
    [InlineData(ImageLayout.ChannelsLast, ScalarType.Byte)]
    [InlineData(ImageLayout.ChannelsLast, ScalarType.Float32)]
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

    [Fact]
    public void Equal_seeds_change_equally_and_others_do_not()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        var source = Images(16, shape, ScalarType.Byte);
        var augmentation = new Augmentation(new() { HorizontalFlip = true, CropPadding = 2 }, shape);
        var first = augmentation.Apply(source, 9).bytes.ToArray();
        Assert.Equal(first, augmentation.Apply(source, 9).bytes.ToArray());
        Assert.NotEqual(first, augmentation.Apply(source, 10).bytes.ToArray());
    }

    [Fact]
    public void One_tensor_comes_out_and_no_other_stays()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        var source = Images(4, shape, ScalarType.Byte);
        using var check = NativeLeakCheck.Start();
        new Augmentation(new() { HorizontalFlip = true, CropPadding = 2 }, shape).Apply(source, 9).Dispose();
    }

    [Fact]
    public void The_global_generator_and_the_source_stay_as_they_are()
    {
        var shape = FeatureShape.Image(3, 8, 8);
        var source = Images(16, shape, ScalarType.Byte);
        var before = source.bytes.ToArray();
        var state = get_rng_state().bytes.ToArray();
        new Augmentation(new() { HorizontalFlip = true, CropPadding = 2 }, shape).Apply(source, 9);
        Assert.Equal(before, source.bytes.ToArray());
        Assert.Equal(state, get_rng_state().bytes.ToArray());
    }

    [Fact]
    public void Vectors_and_images_without_options_pass_through()
    {
        var vectors = zeros(3, 7);
        Assert.Same(vectors, new Augmentation(new() { HorizontalFlip = true, CropPadding = 2 }, FeatureShape.Vector(7)).Apply(vectors, 1));
        var images = zeros(3, 1, 4, 4);
        Assert.Same(images, new Augmentation(new(), FeatureShape.Image(1, 4, 4)).Apply(images, 1));
    }

    [Theory]
    [InlineData(-1, "Augmentation.CropPadding is -1; it must be at least 0.")]
    [InlineData(4, "Augmentation.CropPadding is 4; it must be less than the image's shorter side, 4.")]
    public void Padding_out_of_range_is_a_fault(int padding, string fault)
    {
        var options = new AugmentationOptions { CropPadding = padding };
        Assert.Equal([fault], options.Faults(FeatureShape.Image(3, 4, 9)));
        Assert.StartsWith(
            fault, Assert.Throws<ArgumentException>(() => new Augmentation(options, FeatureShape.Image(3, 4, 9))).Message,
            StringComparison.Ordinal);
    }

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
