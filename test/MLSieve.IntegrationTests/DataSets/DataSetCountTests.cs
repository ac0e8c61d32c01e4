using Studies;

namespace MLSieve.Tests;

public sealed class DataSetCountTests : IDisposable
{
    private static readonly int[][] Waterbirds = [[3498, 184, 56, 1057], [467, 466, 133, 133], [2255, 2255, 642, 642]];
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Waterbirds_with_the_published_counts_do_not_differ()
    {
        WriteWaterbirds(Waterbirds);
        Assert.Empty(DataSets.Waterbirds(_folder.Root).Differences);
    }

    [Fact]
    public void Every_other_count_is_said_with_the_published_one_and_the_difference()
    {
        WriteWaterbirds([[3500, 184, 56, 1057], [467, 466, 133, 133], [2255, 2255, 642, 600]]);
        Assert.Equal(
            ["train, landbird, land: 3,500 found, 3,498 published (+2)", "test, waterbird, water: 600 found, 642 published (-42)"],
            DataSets.Waterbirds(_folder.Root).Differences.Select(difference => difference.ToString()));
    }

    [Fact]
    public void CelebA_with_the_published_training_counts_does_not_differ()
    {
        int[] counts = [71629, 66874, 22880, 1387];
        IEnumerable<int> groups = [.. counts.SelectMany((count, group) => Enumerable.Repeat(group, count))];
        _folder.Text("list_attr_celeba.csv", groups.Select((group, i) => $"{i:D6}.jpg,{(group >= 2 ? 1 : -1)},{(group % 2 == 1 ? 1 : -1)}")
            .Prepend("image_id,Blond_Hair,Male"));
        _folder.Text("list_eval_partition.csv", groups.Select((_, i) => $"{i:D6}.jpg,0").Prepend("image_id,partition"));
        DataSet set = DataSets.CelebA(_folder.Root);
        Assert.Equal(4, set.Published.Count);
        Assert.Empty(set.Differences);
    }

    [Fact]
    public void Bar_counts_whole_splits()
    {
        _folder.Jpeg("train/climbing_0.jpg");
        _folder.Jpeg("test/climbing_0.jpg");
        Assert.Equal(
            ["train: 1 found, 1,941 published (-1,940)", "test: 1 found, 654 published (-653)"],
            DataSets.Bar(_folder.Root).Differences.Select(difference => difference.ToString()));
    }

    [Fact]
    public async Task Check_reports_counts_and_pictures_and_fails_where_a_picture_does()
    {
        _folder.Jpeg("train/climbing_0.jpg");
        _folder.Jpeg("test/diving_0.jpg");
        BuiltProgram whole = await BuiltProgram.RunAsync("Studies", "check", "bar", _folder.Root);
        Assert.True(whole.ExitCode == 0, whole.Error);
        Assert.Contains("BAR: train: 1 found, 1,941 published (-1,940)", whole.Output);
        Assert.Contains("BAR: all 2 images can be read.", whole.Output);

        _folder.Truncate("test/diving_0.jpg");
        BuiltProgram broken = await BuiltProgram.RunAsync("Studies", "check", "bar", _folder.Root);
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("BAR: 1 of 2 images cannot be read. Corrupt: 1 (", broken.Output);
    }

    private void WriteWaterbirds(int[][] counts) => _folder.Text(
        "metadata.csv",
        counts.SelectMany(
            (groups, split) => groups.SelectMany((count, cell) => Enumerable.Repeat($"1,a.jpg,{cell / 2},{split},{cell % 2},p.jpg", count)))
            .Prepend("img_id,img_filename,y,split,place,place_filename"));
}
