using Microsoft.ML;
using Studies;

namespace MLSieve.Tests;

public sealed class ImageCheckTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_and_corrupt_images_are_reported_together_before_there_is_a_view()
    {
        Bar(6);
        _folder.Truncate("train/climbing_1.jpg");
        File.WriteAllText(_folder["train/climbing_2.jpg"], "<html>404</html>");
        DataSet set = DataSets.Bar(_folder.Root);
        File.Delete(_folder["train/climbing_4.jpg"]);
        File.Delete(_folder["train/climbing_3.jpg"]);
        var fault = Assert.Throws<InvalidDataException>(
            () => set.ToDataView(new MLContext(1), Splits.Train, TestContext.Current.CancellationToken));
        Assert.Equal(
            $"BAR: 4 of 6 images cannot be read. Missing: 2 ({_folder["train/climbing_3.jpg"]}, {_folder["train/climbing_4.jpg"]}). "
            + $"Corrupt: 2 ({_folder["train/climbing_1.jpg"]} (IncompleteInput), {_folder["train/climbing_2.jpg"]} (Unimplemented)).",
            fault.Message);
    }

    [Theory]
    [InlineData("", "Missing: 1 (a row without a path).")]
    [InlineData("train", "Missing: 1 (train, a folder).")]
    [InlineData("train/climbing_0.jpg", "Corrupt: 1 (train/climbing_0.jpg (")]
    public void A_row_that_names_no_file_a_folder_or_an_empty_file_is_reported(string path, string expected)
    {
        Bar(1);
        File.WriteAllText(_folder["train/climbing_0.jpg"], "");
        var example = new Example("climbing", null, Splits.Train) { Path = path.Length == 0 ? "" : _folder[path] };
        string report = ImageCheck.Of([example], TestContext.Current.CancellationToken).ToString();
        Assert.Contains(
            path.Length == 0 ? expected : expected.Replace(path, _folder[path], StringComparison.Ordinal), report,
            StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_counted_and_the_first_ten_named()
    {
        Bar(14);
        DataSet set = DataSets.Bar(_folder.Root);
        for (int i = 0; i < 12; i++) File.Delete(_folder[$"train/climbing_{i}.jpg"]);
        string message = Assert.Throws<InvalidDataException>(
            () => set.ToDataView(new MLContext(1), Splits.Train, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("12 of 14 images", message);
        Assert.Equal(10, message.Split("climbing_").Length - 1);
        Assert.EndsWith("and 2 more).", message);
    }

    [Fact]
    public void A_fault_in_another_split_does_not_stop_this_one()
    {
        Bar(2);
        _folder.Truncate("test/climbing_0.jpg");
        DataSet set = DataSets.Bar(_folder.Root);
        Assert.Equal(2, _folder.Rows(set, Splits.Train).Length);
        Assert.Throws<InvalidDataException>(() => _folder.Rows(set, Splits.Test));
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    public void An_image_cut_anywhere_is_found(string format)
    {
        Bar(1);
        if (format == "png") _folder.Png("train/climbing_0.png");
        string name = _folder[$"train/climbing_0.{format}"];
        byte[] whole = File.ReadAllBytes(name);
        var example = new Example("climbing", null, Splits.Train) { Path = name };
        Assert.Empty(ImageCheck.Of([example], TestContext.Current.CancellationToken).Corrupt);
        foreach (double kept in new[] { 0, 0.01, 0.1, 0.5, 0.9 })
        {
            File.WriteAllBytes(name, whole[..(int)(kept * whole.Length)]);
            Assert.Single(ImageCheck.Of([example], TestContext.Current.CancellationToken).Corrupt);
        }
    }

    private void Bar(int images)
    {
        for (int i = 0; i < images; i++) _folder.Jpeg($"train/climbing_{i}.jpg");
        _folder.Jpeg("test/climbing_0.jpg");
    }
}
