using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Studies;

namespace MLSieve.Tests;

public sealed class TwoFeaturesTests
{
    [Theory]
    [InlineData(1.0, 1, 1)]
    [InlineData(0.5, 0.48, 0.52)]
    public void Halves_agree_as_often_as_asked_and_each_can_be_the_label(double agreement, double least, double most)
    {
        GreyDataset garments = SmallIdx.Dataset(40_000), digits = SmallIdx.Dataset(30);
        int[] rows = TwoFeatures.RowsOf(garments);
        Assert.Equal(8_000, rows.Length);
        var drawn = TwoFeatures.Draw(garments, digits, rows, agreement, RandomSources.For(1, RandomSources.TrainingCues));
        PackedImages complex = drawn.LabelledBy(Feature.Complex), simple = drawn.LabelledBy(Feature.Simple);
        Assert.Equal((1, 4, 3), (complex.Channels, complex.Height, complex.Width));
        Assert.InRange(complex.Cues.Count(cue => cue == Agreement.Agrees) / 8_000.0, least, most);
        for (int i = 0; i < complex.Count; i++)
        {
            Assert.Equal(TwoFeatures.Classes[garments.Classes[rows[i]] == 2 ? 0 : 1], complex.Labels[i]);
            Assert.Equal(TwoFeatures.Classes[(complex[i][6] - 1) % 10], simple.Labels[i]); // digit i is grey 1 + i and of class i mod 10
            Assert.Equal(complex.Cues[i] == Agreement.Agrees, complex.Labels[i] == simple.Labels[i]);
        }
    }

    [Fact]
    public void In_training_the_halves_always_agree_and_elsewhere_the_one_that_is_no_label_is_random()
    {
        RealData.Path("fashion-mnist");
        StudyOptions options = StudyOptions.Parse(["run", "two-features"]);
        var ml = new MLContext(1);
        var complex = new TwoFeaturesRows(options, Feature.Complex);
        StudyData byGarment = complex.Load(ml, seed: 3), byDigit = new TwoFeaturesRows(options, Feature.Simple).Load(ml, seed: 3);
        Assert.Equal((1, 5_000), Agreeing(byGarment.Train));
        Assert.Equal((1, 5_000), Agreeing(byDigit.Train));
        Assert.Equal(Labels(byGarment.Train), Labels(byDigit.Train));
        (IDataView ByGarment, IDataView ByDigit)[] held = [(byGarment.Validation, byDigit.Validation), (byGarment.Test, byDigit.Test)];
        Assert.All(held, rows =>
        {
            (double agreeing, int count) = Agreeing(rows.ByGarment);
            Assert.Equal(2_000, count);
            Assert.InRange(agreeing, 0.45, 0.55);
            IEnumerable<bool> same = Labels(rows.ByGarment).Zip(Labels(rows.ByDigit), (one, other) => one == other);
            Assert.Equal(same, rows.ByGarment.GetColumn<string>("Cue").Select(cue => cue == Agreement.Agrees));
        });
        StudyData balanced = complex.LoadBalanced(ml, seed: 3);
        Assert.InRange(Agreeing(balanced.Train).Rate, 0.47, 0.53);
        Assert.Equal(Labels(byGarment.Train), Labels(balanced.Train)); // the same garments
        Assert.InRange(Agreeing(complex.Decoding(seed: 3).Images.ToDataView(ml)).Rate, 0.45, 0.55);
        string[] seen = [.. Upper(byGarment.Train).Concat(Upper(byGarment.Validation))];
        Assert.InRange(seen.Intersect(Upper(complex.Decoding(seed: 3).Images.ToDataView(ml))).Count(), 0, 2); // the file has a few twins
    }

    [Fact]
    public void What_a_stage_drops_cannot_be_decoded_from_it_and_what_it_keeps_can()
    {
        // Each half of an image is bright or dark by a class of its own; the second stage of the network sees the upper half alone.
        var ml = new MLContext(1);
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Custom = (shape, classes) => new HalfBlind(shape, classes) },
            Epochs = 1, // of the head alone: the stages have nothing to learn
            Taps = [],
        }).Fit(Bright(ml, upper: true, seed: 1));
        Assert.Equal([1, 1], Told(upper: true).Skip(1)); // behind what stage 1 reads
        double[] lower = Told(upper: false);
        Assert.Equal(1, lower[1]);
        Assert.InRange(lower[2], 0.4, 0.6);

        double[] Told(bool upper) =>
        [
            .. ml.MulticlassClassification.ProfileStages(model, Bright(ml, upper, seed: 1), Bright(ml, upper, seed: 2), "Label")
                .Results.Select(result => result.Accuracy),
        ];
    }

    [Fact]
    public void Both_halves_are_asked_for_with_the_same_settings_and_an_oracle_at_3140_steps()
    {
        StudyOptions options = StudyOptions.Parse(["queue", "any"]);
        IReadOnlyList<MethodStudy> studies = QueueFile.Studies("two-features --seeds 5 --search-seeds 2", options);
        Assert.Equal(["two-features-complex", "two-features-simple"], studies.Select(study => study.Name));
        Assert.All(studies, study =>
        {
            Assert.Equal(3_140, study.Steps);
            Assert.Equal(["plain", "sieve", "sieve-joint", "dfr", "balanced"], study.Asked().Select(method => method.Name));
        });
        IEnumerable<Method> sieves = studies.Select(study => study.Asked().Single(method => method.Name == "sieve"));
        SieveSearchOptions[] searches = [.. sieves.Select(sieve => sieve.Settings!.Create())];
        Assert.All(searches, search => Assert.Equal(
            (24, new LogRange(1, 30), new LogRange(0.2, 1)),
            (search.Trials, search.Space.ForgetRateMultiple, search.Space.ReadoutRateMultiple)));
        Assert.All(searches, search => Assert.Equal([1, 5], search.Space.ForgetEvery));
    }

    [Fact]
    public async Task A_quick_queue_ends_in_a_line_a_half_with_what_decides_and_what_can_be_decoded()
    {
        RealData.Path("fashion-mnist");
        string folder = Directory.CreateTempSubdirectory("two-features-").FullName;
        try
        {
            string file = Path.Combine(folder, "queue.txt");
            await File.WriteAllTextAsync(file, "two-features --quick --method balanced", TestContext.Current.CancellationToken);
            BuiltProgram run = await BuiltProgram.RunAsync("Studies", "queue", file, "--out", folder, "--workers", "1");
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            foreach (string half in new[] { "complex", "simple" })
            {
                string[] lines = await File.ReadAllLinesAsync(
                    Path.Combine(folder, $"two-features-{half}.jsonl"), TestContext.Current.CancellationToken);
                JsonNode final = JsonNode.Parse(Assert.Single(lines, line => line.Contains("\"final\"", StringComparison.Ordinal)))!;
                JsonNode metrics = final["metrics"]!;
                Assert.Equal((double)metrics[StudyMetrics.Conflicting]!, (double)final["primary"]!);
                string own = half == "complex" ? StudyMetrics.SimpleRandomised : StudyMetrics.ComplexRandomised;
                Assert.Equal((double)metrics[StudyMetrics.Average]!, (double)metrics[own]!, 6);
                IEnumerable<string> decoded =
                    from each in Enum.GetValues<Feature>() from stage in Enumerable.Range(1, 3) select StudyMetrics.Decodable(each, stage);
                Assert.All(decoded, figure => Assert.InRange((double)metrics[figure]!, 0.4, 1));
                Assert.InRange((double)metrics[StudyMetrics.Decodable(Feature.Simple, 1)]!, 0.7, 1); // a 0 has more ink than a 1
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_table_has_what_decides_and_what_each_stage_lets_decode_as_means_over_seeds()
    {
        MethodStudy study = QueueFile.Studies("two-features --seeds 2", StudyOptions.Parse(["queue", "any"]))[0];
        FinishedRun[] runs = [Final("plain", 1, 0.5), Final("plain", 2, 0.52), Final("balanced", 1, 0.9), Final("balanced", 2, 0.92)];
        string[] lines = StudyTables.Of(runs).Split('\n');
        const string Header = "| accuracy | by the complex half | by the simple half | decoded from stage 1: complex, simple "
            + "| decoded from stage 2: complex, simple |";
        Assert.Contains(Header, lines);
        Assert.Contains("| plain | 51.0 | 75.0 | 60.0, 95.0 | 70.0, 90.0 |", lines);
        Assert.Contains("| balanced | 91.0 | 75.0 | 60.0, 95.0 | 70.0, 90.0 |", lines);

        FinishedRun Final(string method, int seed, double complex) => FinishedRun.Of(
            new PlannedRun("two-features", study.Name, study.Conditions, RunPhase.Final, method, "", seed),
            study,
            validation: new Dictionary<string, double>(),
            test: new Dictionary<string, double>
            {
                [StudyMetrics.Conflicting] = complex,
                [StudyMetrics.SimpleRandomised] = complex,
                [StudyMetrics.ComplexRandomised] = 0.75,
                [StudyMetrics.Decodable(Feature.Complex, 1)] = 0.6,
                [StudyMetrics.Decodable(Feature.Simple, 1)] = 0.95,
                [StudyMetrics.Decodable(Feature.Complex, 2)] = 0.7,
                [StudyMetrics.Decodable(Feature.Simple, 2)] = 0.9,
            });
    }

    private static (double Rate, int Rows) Agreeing(IDataView view)
    {
        string[] cues = [.. view.GetColumn<string>("Cue")];
        return (cues.Count(cue => cue == Agreement.Agrees) / (double)cues.Length, cues.Length);
    }

    private static uint[] Labels(IDataView view) => [.. view.GetColumn<uint>("Label")];

    private static IEnumerable<string> Upper(IDataView view) =>
        view.GetColumn<float[]>("Pixels").Select(pixels => Convert.ToHexString([.. pixels.Take(28 * 28).Select(pixel => (byte)pixel)]));

    private static IDataView Bright(MLContext ml, bool upper, int seed)
    {
        var random = new Random(seed);
        IEnumerable<Brightness> rows = Enumerable.Range(0, 200).Select(_ =>
        {
            bool above = random.Next(2) == 1, below = random.Next(2) == 1;
            float[] pixels = [.. Enumerable.Range(0, 32).Select(pixel => random.Next(50) + ((pixel < 16 ? above : below) ? 200f : 0))];
            return new Brightness(pixels, (upper ? above : below) ? "first" : "second");
        });
        IDataView view = ml.Data.LoadFromEnumerable(rows.ToArray());
        return StudyData.From(ml, TwoFeatures.Classes, view, view, view).Train;
    }

    private sealed record Brightness([property: VectorType(1, 8, 4)] float[] Pixels, string Label);
}
