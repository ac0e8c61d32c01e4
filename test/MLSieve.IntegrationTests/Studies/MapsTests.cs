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

    [Fact]
    public void A_model_that_was_trained_anew_is_told_as_another_one_where_its_figures_are_not_those_of_the_run()
    {
        FinishedRun run = Final("study epochs 6", "sieve-joint", "") with
        {
            Metrics = new Dictionary<string, double> { [StudyMetrics.Average] = 0.778, [StudyMetrics.Flips] = 0.388 },
        };
        Dictionary<string, double> figures = new() { [StudyMetrics.Average] = 0.778, [StudyMetrics.Flips] = 0.388 };
        Assert.Null(MapPage.Difference("sieve-joint", figures, run));
        figures[StudyMetrics.Flips] = 0.4;
        Assert.Equal(
            "sieve-joint is another model than that of the final run (a machine): flip rate 40.0 here, 38.8 there.",
            MapPage.Difference("sieve-joint", figures, run));
        figures[StudyMetrics.Average] = 0.78;
        Assert.Equal(
            "sieve-joint is another model than that of the final run (a machine): average 78.0 here, 77.8 there; "
                + "flip rate 40.0 here, 38.8 there.",
            MapPage.Difference("sieve-joint", figures, run));
        Assert.Equal("plain: no final run of this setting and seed to compare with.", MapPage.Difference("plain", figures, null));
    }

    [Fact]
    public void Runs_of_other_conditions_are_no_settings_for_maps()
    {
        const string Kept = "coloured-98 rows 5000 epochs 40 rate 0.05 by groups float32 constant";
        string fault = Fault("coloured-methods --precision bfloat16", Final(Kept, "sieve-joint", "stage=1"));
        Assert.Contains("the final runs of coloured-98 by sieve-joint in ", fault);
        string asked = Kept.Replace("float32", "bfloat16", StringComparison.Ordinal);
        Assert.EndsWith(
            $" have the conditions '{Kept}', this command has '{asked}': give the options that the runs were made with.", fault);
    }

    [Fact]
    public void A_study_without_pairs_or_without_plain_training_is_refused_before_anything_is_trained()
    {
        // The setting cannot be read, so that a training would end otherwise.
        const string Small = "coloured-98 rows 96 epochs 1 rate 0.05 by groups float32 constant quick";
        Assert.Equal(
            "the test rows of coloured-98 are in no pairs.",
            Fault("coloured-methods --quick --rows 96", Final(Small, "sieve-joint", "stage=nowhere")));
        Assert.Equal(
            "maps compares with plain training, which coloured-98-distillation does not have.",
            Fault("coloured-distillation --method kd", Final("", "kd", "")));
    }

    private static string Fault(string study, FinishedRun run)
    {
        string folder = Directory.CreateTempSubdirectory("maps-").FullName;
        try
        {
            SmallFashion.Write(folder);
            new FinishedRuns(folder).Add(run);
            StudyOptions options = StudyOptions.Parse(
                ["maps", .. study.Split(' '), "--data", folder, "--out", folder, "--report", Path.Combine(folder, "maps.png")]);
            return Assert.Throws<UsageException>(() => new MapPage(options, TestContext.Current.CancellationToken).Write()).Message;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FinishedRun Final(string conditions, string method, string settings) => new()
    {
        Study = "coloured-98",
        Phase = RunPhase.Final,
        Method = method,
        Seed = 1,
        Settings = settings,
        Primary = 0.5,
        Metrics = new Dictionary<string, double>(),
        Curve = [],
        Conditions = conditions,
        Processor = "a machine",
        Commit = "abcdef0123",
        Time = new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc),
    };

    private static PairAnswer Answer(int pair, int right, double gap) => new((2 * pair, (2 * pair) + 1), right, gap);

    private static IEnumerable<string> Row(Tile tile, int row) => tile.Pixels.Chunk(4).Skip(row * tile.Width).Take(tile.Width)
        .Select(
            pixel => pixel switch { [255, 0, 0, 255] => "red", [0, 0, 255, 255] => "blue", [255, 255, 255, 255] => "white", _ => "other" });
}
