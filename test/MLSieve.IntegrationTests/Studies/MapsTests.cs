using Studies;

namespace MLSieve.Tests;

/// <summary>Which pairs the command maps shows, and how its picture is put together.</summary>
public sealed class MapsTests
{
    [Fact]
    public void A_pair_is_right_as_often_as_its_rows_and_its_gap_is_of_the_labels_score()
    {
        IReadOnlyList<PairAnswer> answers = PairAnswer.Of(
            ["a", "", "b", "a", "b", "alone"], [1, 1, 2, 1, 2, 1], [1, 1, 2, 2, 2, 1],
            [[0.9f, 0.1f], [1, 0], [0.2f, 0.8f], [0.3f, 0.7f], [0.4f, 0.6f], [1, 0]]);
        Assert.Equal([((0, 3), 1), ((2, 4), 2)], answers.Select(answer => (answer.Rows, answer.Right)));
        Assert.Equal(0.6, answers[0].Gap, 1e-6);
        Assert.Equal(0.2, answers[1].Gap, 1e-6);
    }

    [Fact]
    public void The_cases_are_the_pair_that_is_mended_most_and_the_one_that_is_broken_most()
    {
        PairAnswer[] plain = [Answer(0, 1, 0.5), Answer(1, 1, 0.9), Answer(2, 2, 0.1), Answer(3, 2, 0.1), Answer(4, 1, 1), Answer(5, 0, 0)];
        PairAnswer[] other = [Answer(0, 2, 0.1), Answer(1, 2, 0.7), Answer(2, 1, 0.6), Answer(3, 1, 0.8), Answer(4, 1, 0), Answer(5, 0, 0)];
        var cases = new FlipCases(plain, other);
        Assert.Equal(plain[0], cases.Best); // by 0.4; the next by 0.2
        Assert.Equal(plain[3], cases.Worst);
        Assert.Equal([2, 2, 1, 1], new[] { cases.Count(1, 2), cases.Count(2, 1), cases.Count(1, 1), cases.Count(0, 0) });

        var same = new FlipCases(plain, plain);
        Assert.Null(same.Best);
        Assert.Null(same.Worst);
    }

    [Fact]
    public void Tiles_stand_in_columns_with_white_between()
    {
        Tile red = Tile.Of([255, 255, 0, 0, 0, 0], height: 1, width: 2), blue = Tile.Of([0, 0, 0, 0, 255, 255], height: 1, width: 2);
        Tile joined = Tile.Join([[red, blue], [blue, red]], gap: 1);
        Assert.Equal((3, 5), (joined.Height, joined.Width));
        Assert.Equal(["red", "red", "white", "blue", "blue"], Row(joined, 0));
        Assert.Equal(Enumerable.Repeat("white", 5), Row(joined, 1));
        Assert.Equal(["blue", "blue", "white", "red", "red"], Row(joined, 2));

        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.png");
        try
        {
            joined.Save(file);
            using var saved = Microsoft.ML.Data.MLImage.CreateFromFile(file);
            Assert.Equal(joined.Pixels, Tile.Of(saved).Pixels);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static PairAnswer Answer(int pair, int right, double gap) => new((2 * pair, (2 * pair) + 1), right, gap);

    private static IEnumerable<string> Row(Tile tile, int row) => tile.Pixels.Chunk(4).Skip(row * tile.Width).Take(tile.Width)
        .Select(
            pixel => pixel switch { [255, 0, 0, 255] => "red", [0, 0, 255, 255] => "blue", [255, 255, 255, 255] => "white", _ => "other" });
}
