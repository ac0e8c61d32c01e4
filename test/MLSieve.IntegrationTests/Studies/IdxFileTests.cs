using Studies;

namespace MLSieve.Tests;

public sealed class IdxFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("idx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Images_come_back_row_by_row()
    {
        SmallIdx.Write(PathOf("images"), [2, 2, 3], [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
        IdxImages images = IdxFile.ReadImages(PathOf("images"));
        Assert.Equal((2, 2, 3), (images.Count, images.Height, images.Width));
        Assert.Equal([250, 251, 252, 253, 254, 255], images[1].ToArray());
    }

    [Fact]
    public void A_truncated_file_is_named()
    {
        SmallIdx.Write(PathOf("short"), [3, 2, 2], [1, 2, 3]);
        var fault = Assert.Throws<InvalidDataException>(() => IdxFile.ReadImages(PathOf("short")));
        Assert.Contains(PathOf("short"), fault.Message);
        Assert.Contains("fewer bytes", fault.Message);
    }

    [Fact]
    public void A_file_with_bytes_left_over_is_named()
    {
        SmallIdx.Write(PathOf("long"), [2], [1, 2, 3]);
        Assert.Contains("more bytes", Assert.Throws<InvalidDataException>(() => IdxFile.ReadLabels(PathOf("long"))).Message);
    }

    [Fact]
    public void Labels_where_images_are_expected_are_an_error_that_says_the_dimensions()
    {
        SmallIdx.Write(PathOf("labels"), [20], new byte[20]);
        Assert.Contains("3 dimension(s)", Assert.Throws<InvalidDataException>(() => IdxFile.ReadImages(PathOf("labels"))).Message);
    }

    private string PathOf(string name) => Path.Combine(_folder, name + ".gz");
}
