using System.Globalization;
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
                CsvFile.Read(Path.Combine(folder, "manifest.csv"), "file", "split", "label")
                    .Where(row => row["split"] == split)
                    .Select(row => (row["file"], row["label"])),
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
        Assert.Equal("281 15 15 281", Counts(set, Splits.Train));
        Assert.Equal("44 44 44 44", Counts(set, Splits.Validation));
        Assert.Equal("107 107 107 107", Counts(set, Splits.Test));
        Assert.All(set.Of(Splits.Train), example => Assert.Null(example.Pair));
        Assert.All(set.Of(Splits.Validation).Concat(set.Of(Splits.Test)).GroupBy(example => (example.Pair, example.Label)), pair =>
            Assert.Equal(["land", "sea"], pair.Select(example => example.Attribute).Order()));
        Assert.Equal("all 1,196 images can be read.", ImageCheck.Of(set.Examples, TestContext.Current.CancellationToken).ToString());
    }

    [Theory]
    [InlineData(1, "867 398 58 240", "144 48 11 56")]
    [InlineData(2, "872 377 63 251", "139 69 6 45")]
    [InlineData(3, "882 382 52 247", "129 64 17 49")]
    [InlineData(4, "859 389 62 253", "152 57 7 43")]
    [InlineData(5, "867 390 61 245", "144 56 8 51")]
    public void A_ruler_tells_malignant_in_training_and_benign_in_the_test_of_each_trap_partition(
        int partition, string train, string validation)
    {
        DataSet set = DataSets.IsicTraps(RealData.Path("isic-artefacts"), partition);
        Assert.Empty(set.Differences);
        Assert.Equal(
            ["benign, no ruler", "benign, ruler", "malignant, no ruler", "malignant, ruler"],
            Groups(set, Splits.Train).Select(group => group.Name));
        Assert.Equal(train, Counts(set, Splits.Train));
        Assert.Equal(validation, Counts(set, Splits.Validation));
        Assert.Equal("89 529 141 13", Counts(set, Splits.Test));
        Assert.Equal(2_594, set.Examples.Select(example => example.Path).Distinct().Count()); // each image in one split
        Assert.Equal(2_594, set.Examples.Count);
        Assert.All(set.Examples, example => Assert.True(File.Exists(example.Path), example.Path));
    }

    [Fact]
    public void Each_group_of_CelebA_is_split_by_itself_and_always_alike()
    {
        DataSet set = DataSets.CelebA10k(RealData.Path("celeba-10k"));
        Assert.Equal(
            ["blond, female", "blond, male", "not blond, female", "not blond, male"],
            Groups(set, Splits.Train).Select(group => group.Name));
        Assert.Equal("959 30 3088 2895", Counts(set, Splits.Train));
        Assert.Equal("137 15 441 413", Counts(set, Splits.Validation));
        Assert.Equal("275 36 883 828", Counts(set, Splits.Test));
        Assert.Equal(10_000, set.Examples.Select(example => example.Path).Distinct().Count());
        Assert.Equal(
            [152, 563, 791, 1589, 2212],
            set.Of(Splits.Validation).Where(example => example.Group == "blond, male")
                .Select(example => int.Parse(Path.GetFileNameWithoutExtension(example.Path)!, CultureInfo.InvariantCulture))
                .Order()
                .Take(5));
    }

    [Theory]
    [InlineData(Splits.Test, "21 31 8 26 26 17", "326 520 163 279 336 317", "84 128 34 105 106 68")]
    [InlineData(Splits.Train, "65 104 32 55 67 63", "261 416 131 224 269 254", "105 159 42 131 132 85")]
    public void A_fifth_of_each_action_of_one_split_validates(string from, string validation, string train, string test)
    {
        DataSet set = DataSets.Bar(RealData.Path("bar"));
        DataSet split = set.WithValidation(from, 0.2, seed: 1);
        Assert.Equal(
            (validation, train, test), (Counts(split, Splits.Validation), Counts(split, Splits.Train), Counts(split, Splits.Test)));
        Assert.Equal(set.Examples.Select(example => example.Path), split.Examples.Select(example => example.Path));
        Assert.Equal(split.Of(Splits.Validation), set.WithValidation(from, 0.2, seed: 1).Of(Splits.Validation));
        Assert.NotEqual(split.Of(Splits.Validation), set.WithValidation(from, 0.2, seed: 2).Of(Splits.Validation));
    }

    [Fact]
    public void The_negations_of_MultiNli_dev_are_where_they_were_counted_before()
    {
        DataSet set = DataSets.MultiNli(RealData.Path("nli"));
        Assert.Equal(9_815, set.Of(Splits.Validation).Count);
        Assert.Equal(
            [("contradiction", 3213, 504), ("entailment", 3479, 91), ("neutral", 3123, 87)],
            set.Examples.GroupBy(example => example.Label)
                .OrderBy(label => label.Key)
                .Select(label => (label.Key, label.Count(), label.Count(example => example.Attribute == "negation"))));
    }

    private static IEnumerable<(string Name, int Count)> Groups(DataSet set, string split) =>
        set.Of(split)
            .GroupBy(example => example.Group)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.Count()));

    private static string Counts(DataSet set, string split) => string.Join(' ', Groups(set, split).Select(group => group.Count));
}
