using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What is done to images by given numbers, against torchvision.</summary>
public sealed class GoldenAugmentationTests : IDisposable
{
    private readonly DisposeScope _scope;
    private readonly SafetensorsFile _golden;
    private readonly JsonElement _numbers;

    public GoldenAugmentationTests()
    {
        NativeBackend.EnsureLoaded();
        _scope = NewDisposeScope();
        _golden = SafetensorsFile.Open(Golden.Path("augmentation.safetensors"));
        using JsonDocument numbers = Golden.Json("augmentation.json");
        _numbers = numbers.RootElement.Clone();
    }

    public void Dispose()
    {
        _golden.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Images_are_rotated_as_by_torchvision()
    {
        double[] degrees = [.. Numbers("rotated").Select(each => each.GetDouble())];
        AssertClose("rotated", RandomWarp.Sample(Read("images"), degrees, [.. degrees.Select(_ => new CropBox(0, 0, 12, 17))]));
    }

    [Fact]
    public void Crops_are_resized_as_by_torchvision()
    {
        CropBox[] crops = [.. Numbers("cropped").Select(Box)];
        AssertClose("cropped", RandomWarp.Sample(Read("images"), new double[crops.Length], crops));
    }

    [Fact]
    public void Images_are_rotated_before_they_are_cropped()
    {
        double[] degrees = [.. Numbers("turned").Select(each => each[0].GetDouble())];
        AssertClose("turned", RandomWarp.Sample(Read("squares"), degrees, [.. Numbers("turned").Select(each => Box(each[1]))]));
    }

    [Fact]
    public void Colours_change_as_by_torchvision()
    {
        AssertClose("brightness", ColorJitter.Brightness(Read("images"), Factors("brightness")));
        AssertClose("contrast", ColorJitter.Contrast(Read("images"), Factors("contrast")));
        AssertClose("saturation", ColorJitter.Saturation(Read("images"), Factors("saturation")));
        AssertClose("hue", ColorJitter.Hue(Read("images"), Factors("hue")));
        AssertClose("gray_contrast", ColorJitter.Contrast(Read("grays"), Factors("contrast")));
    }

    [Fact]
    public void Where_no_crop_fits_it_is_the_middle_of_torchvision() => Assert.Equal(
        Numbers("boxes_of_middles").Select(Box),
        Numbers("middles").Select(size => CropBox.Middle(size[0].GetInt32(), size[1].GetInt32())));

    private IEnumerable<JsonElement> Numbers(string name) => _numbers.GetProperty(name).EnumerateArray();

    private Tensor Read(string name) => _golden.Read(name);

    private Tensor Factors(string name) => tensor(Numbers(name).Select(each => each.GetSingle()).ToArray()).view(-1, 1, 1, 1);

    private static CropBox Box(JsonElement box) => new(box[0].GetInt32(), box[1].GetInt32(), box[2].GetInt32(), box[3].GetInt32());

    private void AssertClose(string name, Tensor actual)
    {
        Tensor expected = Read(name);
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-5f);
    }
}
