using Studies;

namespace MLSieve.Tests;

public sealed class RealDataSetTests
{
    [Fact]
    public void Bar_has_the_published_counts_its_manifests_rows_in_their_order_and_no_bad_image()
    {
        string folder = RealData.Path("bar");
        DataSet set = DataSets.Bar(folder);
        Assert.Empty(set.Differences);
        Assert.Equal(["climbing", "diving", "fishing", "pole_vaulting", "racing", "throwing"], set.Labels);
        foreach (string split in new[] { Splits.Train, Splits.Test })
        {
            // Seeds draw validation rows by position: another order would be another study.
            Assert.Equal(
                CsvFile.Read(Path.Combine(folder, "manifest.csv"), "file", "split", "label").Where(row => row["split"] == split).Select(row => (row["file"], row["label"])),
                set.Of(split).Select(example => (Path.GetRelativePath(folder, example.Path!), example.Label)));
        }

        ImageCheck images = ImageCheck.Of(set.Examples, TestContext.Current.CancellationToken);
        Assert.Equal("all 2,595 images can be read.", images.ToString());
    }

    [Fact]
    public void The_waterbirds_metadata_is_a_split_drawn_anew_and_its_images_are_missing()
    {
        DataSet set = DataSets.Waterbirds(RealData.Path("waterbirds-metadata"));
        Assert.Equal(11_788, set.Examples.Count);
        Assert.Equal(
            [
                "train, landbird, land: 3,525 found, 3,498 published (+27)",
                "train, landbird, water: 186 found, 184 published (+2)",
                "train, waterbird, land: 54 found, 56 published (-2)",
                "train, waterbird, water: 1,030 found, 1,057 published (-27)",
                "validation, landbird, land: 452 found, 467 published (-15)",
                "validation, landbird, water: 452 found, 466 published (-14)",
                "validation, waterbird, land: 147 found, 133 published (+14)",
                "validation, waterbird, water: 148 found, 133 published (+15)",
            ],
            set.Differences.Select(difference => difference.ToString()));
        ImageCheck images = ImageCheck.Of(set.Examples, TestContext.Current.CancellationToken);
        Assert.Equal(11_788, images.Missing.Count);
        Assert.Empty(images.Corrupt);
    }

    [Fact]
    public void Every_pet_of_validation_and_test_stands_in_front_of_land_and_sea()
    {
        DataSet set = DataSets.PetsOnScenes(RealData.Path("pets-on-scenes"));
        Assert.Equal([281, 15, 15, 281], Counts(Splits.Train));
        Assert.Equal([44, 44, 44, 44], Counts(Splits.Validation));
        Assert.Equal([107, 107, 107, 107], Counts(Splits.Test));
        Assert.All(set.Of(Splits.Train), example => Assert.Null(example.Pair));
        Assert.All(set.Of(Splits.Validation).Concat(set.Of(Splits.Test)).GroupBy(example => (example.Pair, example.Label)), pair =>
            Assert.Equal(["land", "sea"], pair.Select(example => example.Attribute).Order()));
        Assert.Equal("all 1,196 images can be read.", ImageCheck.Of(set.Examples, TestContext.Current.CancellationToken).ToString());

        IEnumerable<int> Counts(string split) => set.Of(split).GroupBy(example => example.Group).OrderBy(group => group.Key).Select(group => group.Count());
    }

    [Fact]
    public void The_negations_of_MultiNli_dev_are_where_they_were_counted_before()
    {
        DataSet set = DataSets.MultiNli(RealData.Path("nli"));
        Assert.Equal(9_815, set.Of(Splits.Validation).Count);
        Assert.Equal(
            [("contradiction", 3213, 504), ("entailment", 3479, 91), ("neutral", 3123, 87)],
            set.Examples.GroupBy(example => example.Label).OrderBy(label => label.Key).Select(label => (label.Key, label.Count(), label.Count(example => example.Attribute == "negation"))));
    }
}
