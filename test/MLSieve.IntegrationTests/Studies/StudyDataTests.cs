using Microsoft.ML;
using Microsoft.ML.Data;
using Studies;

namespace MLSieve.Tests;

public sealed class StudyDataTests
{
    private static readonly GreyDataset Garments = SmallIdx.Dataset(20_000);

    [Theory]
    [InlineData(0.98)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public void The_cue_agrees_as_often_as_asked(double probability)
    {
        PackedImages images = Draw(probability, seed: 3);
        double rate = images.Cues.Count(cue => cue == Agreement.Agrees) / (double)images.Count;
        double tolerance = 4 * Math.Sqrt(probability * (1 - probability) / images.Count);
        Assert.InRange(rate, probability - tolerance, probability + tolerance);
    }

    [Fact]
    public void A_conflicting_cue_is_every_other_class_alike()
    {
        var agreement = new Agreement(0.5, 10);
        Random random = RandomSources.For(1, RandomSources.TrainingCues);
        int[] counts = new int[10];
        for (int i = 0; i < 20_000; i++) counts[agreement.Draw(4, random)]++;
        Assert.InRange(counts[4], 9_700, 10_300);
        for (int other = 0; other < 10; other++)
            if (other != 4) Assert.InRange(counts[other], 950, 1_270);
    }

    [Fact]
    public void Equal_seeds_draw_equal_images_and_other_seeds_do_not()
    {
        PackedImages first = Draw(0.5, seed: 7);
        PackedImages again = Draw(0.5, seed: 7);
        PackedImages other = Draw(0.5, seed: 8);
        Assert.Equal(first.Pixels, again.Pixels);
        Assert.Equal(first.Cues, again.Cues);
        Assert.NotEqual(first.Cues, other.Cues);
    }

    [Fact]
    public void Rows_of_one_class_whose_cue_agrees_have_one_colour()
    {
        PackedImages images = Draw(1, seed: 1);
        IEnumerable<(double, double)> hues =
            from image in Enumerable.Range(0, images.Count)
            where images.Labels[image] == FashionClasses.Names[2] && Garments.Images[image][0] == 103
            select ((double)images[image][0], (double)images[image][6]);
        Assert.Single(hues.Distinct());
    }

    [Fact]
    public void Dominoes_put_the_garment_above_a_digit_that_agrees_as_often_as_asked()
    {
        GreyDataset digits = SmallIdx.Dataset(30);
        PackedImages images = Dominoes.Draw(
            Garments, digits, Rows(), new Agreement(0.95, 10), RandomSources.For(1, RandomSources.TrainingCues));
        Assert.Equal((1, 4, 3), (images.Channels, images.Height, images.Width));
        for (int i = 0; i < images.Count; i += 997)
        {
            Assert.Equal(Garments.Images[i].ToArray(), images[i][..6].ToArray());
            int digit = (images[i][6] - 1) % 10; // image i of the digits is grey 1 + i and of class i mod 10
            Assert.Equal(images.Cues[i], Agreement.Name(Garments.Classes[i], digit));
        }

        Assert.InRange(images.Cues.Count(cue => cue == Agreement.Agrees) / (double)images.Count, 0.94, 0.96);
    }

    [Fact]
    public void The_background_goes_with_the_shape_in_training_and_says_nothing_of_it_elsewhere()
    {
        StudyData data = new ShapesRows(StudyOptions.Parse(["run", "shapes"])).Load(new MLContext(1), seed: 1);
        Assert.InRange(Agreeing(data.Train, 3_000), 0.955, 0.985);
        Assert.InRange(Agreeing(data.Validation, 800), 0.2, 0.3);
        Assert.InRange(Agreeing(data.Test, 1_200), 0.2, 0.3);

        static double Agreeing(IDataView view, int rows)
        {
            string[] cues = [.. view.GetColumn<string>("Cue")];
            Assert.Equal(rows, cues.Length);
            return cues.Count(cue => cue == Agreement.Agrees) / (double)rows;
        }
    }

    [Fact]
    public void A_view_holds_the_images_in_order_with_their_shape()
    {
        PackedImages images = Draw(0.5, seed: 1, rows: [5, 2]);
        IDataView view = images.ToDataView(new MLContext(1));
        var type = Assert.IsType<VectorDataViewType>(view.Schema["Pixels"].Type);
        Assert.Equal([3, 2, 3], type.Dimensions.ToArray());
        float[][] pixels = [.. view.GetColumn<float[]>("Pixels")];
        Assert.Equal(2, pixels.Length);
        Assert.Equal(images[0].ToArray().Select(pixel => (float)pixel), pixels[0]);
        Assert.Equal(images[1].ToArray().Select(pixel => (float)pixel), pixels[1]);
        Assert.Equal([FashionClasses.Names[5], FashionClasses.Names[2]], view.GetColumn<string>("Label"));
    }

    [Fact]
    public void Keys_are_the_same_whatever_rows_there_are()
    {
        var ml = new MLContext(1);
        IDataView few = Draw(0.5, seed: 1, rows: [3]).ToDataView(ml);
        StudyData data = StudyData.From(ml, FashionClasses.Names, few, few, Draw(0.5, seed: 1, rows: [0, 3]).ToDataView(ml));
        VBuffer<ReadOnlyMemory<char>> names = default;
        data.Train.Schema["Label"].GetKeyValues(ref names);
        Assert.Equal(FashionClasses.Names.Order(StringComparer.Ordinal), names.DenseValues().Select(name => name.ToString()));
        Assert.Equal(data.Train.GetColumn<uint>("Label").Single(), data.Test.GetColumn<uint>("Label").Last());
    }

    private static int[] Rows() => [.. Enumerable.Range(0, Garments.Classes.Length)];

    private static PackedImages Draw(double probability, int seed, int[]? rows = null) => ColouredFashion.Draw(
        Garments, rows ?? Rows(), new Agreement(probability, 10), RandomSources.For(seed, RandomSources.TrainingCues));
}
