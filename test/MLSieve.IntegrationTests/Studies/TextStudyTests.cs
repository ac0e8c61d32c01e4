using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Studies;

namespace MLSieve.Tests;

/// <summary>The studies of texts: which rows they train and test on, what a queue runs of them, and what counts.</summary>
public sealed class TextStudyTests(TextRehearsal rehearsal) : IClassFixture<TextRehearsal>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("texts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Half_of_each_rare_negation_group_is_in_the_test_which_is_one_for_all_seeds()
    {
        RealData.Path(MultiNliStudy.Folder);
        TextRows rows = MultiNliStudy.Rows(StudyOptions.Parse(["run", "multinli"]));
        var ml = new MLContext(seed: 1);
        StudyData[] data = [rows.Load(ml, 1), rows.Load(ml, 1), rows.Load(ml, 1001)];
        string[] groups =
        [
            "contradiction, negation", "contradiction, no negation", "entailment, negation", "entailment, no negation",
            "neutral, negation", "neutral, no negation",
        ];
        Assert.Equal(groups.Zip([100, 541, 45, 677, 43, 607]), Counts(data[0].Test));
        Assert.Equal(groups.Zip([50, 270, 18, 338, 17, 303]), Counts(data[0].Validation));
        Assert.Equal(groups.Zip([354, 1898, 28, 2373, 27, 2126]), Counts(data[0].Train));
        Assert.Equal(rows.Count, Texts(data[0].Train).Length);
        Assert.All(data[0].Test.GetColumn<string>(TextRows.SecondText), Assert.NotEmpty); // the hypotheses
        Assert.Equal(Texts(data[0].Train), Texts(data[1].Train));
        Assert.Equal(Texts(data[0].Test), Texts(data[2].Test));
        Assert.NotEqual(Texts(data[0].Validation), Texts(data[2].Validation));
    }

    [Fact]
    public void Rows_are_counted_once()
    {
        int divisions = 0;
        var set = new DataSet("set", "set", [new("x", null, Splits.Train) { Text = "a" }]);
        var rows = new TextRows(StudyOptions.Parse(["run", "multinli"]), () => set, (all, _) =>
        {
            divisions++;
            return all;
        });
        Assert.Equal((1, 1, 1), (rows.Count, rows.Count, divisions));
    }

    [Fact]
    public void Identity_terms_train_on_as_many_harmful_tweets_as_harmless_ones_and_test_each_identity_alike()
    {
        RealData.Path(IdentityTermsStudy.Folder + "/davidson");
        StudyData data = Study("identity-terms").SearchRows(new MLContext(seed: 1));
        Assert.Equal((3331, 3331), (OfLabel(data.Train, 1), OfLabel(data.Train, 2)));
        Assert.Equal((832, 832), (OfLabel(data.Validation, 1), OfLabel(data.Validation, 2)));
        Assert.Equal(["identity", "no identity"], data.Train.GetColumn<string>("Cue").Distinct().Order());
        (string Group, int Rows)[] test = Counts(data.Test);
        Assert.Equal(2 * 51, test.Length); // fifty identities and none
        Assert.All(test, group => Assert.Equal(100, group.Rows));
        Assert.Contains("toxic, african american", test.Select(group => group.Group));
    }

    [Fact]
    public void Edited_reviews_train_one_of_each_pair_and_the_oracle_as_many_of_whole_pairs()
    {
        RealData.Path(CounterfactualStudy.Folder);
        var ml = new MLContext(seed: 1);
        MethodStudy study = Study("imdb-counterfactual");
        StudyData data = study.SearchRows(ml);
        Assert.Equal(1707, Pairs(data.Train).Distinct().Count());
        Assert.Equal(1707, Pairs(data.Train).Length);
        Assert.InRange(OfLabel(data.Train, 1), 760, 950); // drawn
        Assert.Equal((490, 976), (Pairs(data.Validation).Length, Pairs(data.Test).Length));
        StudyOptions options = StudyOptions.Parse(["run", "imdb-counterfactual"]);
        StudyData seen = CounterfactualStudy.Rows(options).Load(ml, 1, CounterfactualStudy.HalfOfThePairs);
        Assert.Equal(1707, Pairs(seen.Train).Length);
        Assert.Equal(854, Pairs(seen.Train).Distinct().Count());
        Assert.Equal(Texts(data.Test), Texts(seen.Test));
    }

    [Theory]
    [InlineData("multinli", 639, StudyMetrics.Worst, "plain:1 sieve:6 jtt:3 afr:3 group-dro:1 readout-afr:3 dfr:1")]
    [InlineData("identity-terms", 627, StudyMetrics.WorstIdentity, "plain:1 sieve:6 jtt:3 afr:3 group-dro:1 readout-afr:3 dfr:1")]
    [InlineData("imdb-counterfactual", 321, StudyMetrics.EditsFollowed, "plain:1 sieve:6 jtt:3 afr:3 readout-afr:3 dfr:1 augmented:1")]
    [InlineData(
        "multinli-distillation", 852, StudyMetrics.Worst,
        "teacher-dro:1 student:1 jtt:3 kd:3 debiased:6 teacher-erm:1 kd-erm:3 debiased-erm:3")]
    public void Each_study_tries_few_settings_for_one_number_of_steps(string line, int steps, string figure, string methods)
    {
        TextRehearsal.RequireData();
        MethodStudy study = Study(line);
        Assert.Equal((line, steps, figure), (study.Name, study.Steps, study.FinalFigure));
        Assert.Equal(
            methods,
            string.Join(' ', study.Asked().Select(method =>
                $"{method.Name}:{method.Settings?.Create().Trials ?? method.Candidates.Count}")));
        Assert.Empty(study.SearchSeeds.Intersect(study.FinalSeeds));
    }

    [Fact]
    public void Settings_of_the_sieve_that_are_named_are_all_tried()
    {
        string[] stages = ["stage=1", "stage=2", "stage=3", "stage=4", "stage=5"];
        MethodStudy study = Study("multinli " + string.Join(' ', stages.Select(stage => $"--setting {stage}")));
        Assert.Equal(
            stages, study.Asked().Single(method => method.Name == "sieve").Candidates.Select(each => each.Setting.Split(',')[2]));
    }

    [Fact]
    public void The_sieve_is_searched_by_rates_of_gradient_descent_while_the_encoder_learns_by_its_own()
    {
        TextRehearsal.RequireData();
        var search = Study("multinli").Asked().Single(method => method.Name == "sieve").Settings!.Create();
        Assert.Equal(5e-5, search.Trainer.Optimizer.LearningRate);
        Assert.Equal((1, 30), (search.Space.ForgetRateMultiple.From, search.Space.ForgetRateMultiple.To));
        Assert.Equal((1, 10), (search.Space.ReadoutRateMultiple.From, search.Space.ReadoutRateMultiple.To));
    }

    [Theory]
    [InlineData("multinli", "plain", TextRows.SecondText)]
    [InlineData("multinli-distillation", "student", TextRows.SecondText)]
    [InlineData("identity-terms", "plain", null)]
    public void Premise_and_hypothesis_are_read_as_a_pair_and_other_texts_alone(string name, string method, string? second)
    {
        TextRehearsal.RequireData();
        MethodStudy study = rehearsal.Narrow(name, _folder);
        Method asked = study.Asked().Single(each => each.Name == method);
        var ml = new MLContext(seed: 1);
        var training = new Training(ml, study.SearchRows(ml), 1, TestContext.Current.CancellationToken);
        using var model = (EarlyReadoutTransformer)asked.Candidates[0].Fit(training);
        Assert.Equal(("Text", second), (model.FeatureColumnName, model.SecondTextColumnName));
    }

    [Fact]
    public void The_student_begins_with_every_other_layer_of_the_encoder()
    {
        TextRehearsal.RequireData();
        StudyOptions options = StudyOptions.Parse(["run", "multinli-distillation", "--out", _folder]);
        using SafetensorsFile whole = SafetensorsFile.Open(MiniLm.Encoder(options, 64).WeightsPath!);
        using SafetensorsFile half = SafetensorsFile.Open(MiniLm.Half(options, 64).WeightsPath!);
        const string Weight = "output.dense.weight";
        Assert.Equal(
            [0, 1, 2],
            half.Names
                .Where(name => name.EndsWith($".attention.{Weight}", StringComparison.Ordinal))
                .Select(name => name["encoder.layer.".Length] - '0')
                .Order());
        foreach ((int from, int to) in new[] { (0, 0), (2, 1), (4, 2) })
        {
            using var read = whole.Read($"encoder.layer.{from}.{Weight}");
            using var written = half.Read($"encoder.layer.{to}.{Weight}");
            Assert.True(read.bytes.SequenceEqual(written.bytes));
        }

        Assert.Equal(whole.Names.Count(name => name.StartsWith("embeddings.", StringComparison.Ordinal)),
            half.Names.Count(name => name.StartsWith("embeddings.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_rehearsal_of_the_other_questions_ends_with_the_figure_that_counts()
    {
        TextRehearsal.RequireData();
        FinishedRun identities = TextRehearsal.Of(rehearsal.Narrow("identity-terms", _folder), "plain");
        Assert.Equal(identities.Metrics[StudyMetrics.WorstIdentity], identities.Primary);
        MethodStudy reviews = rehearsal.Narrow("imdb-counterfactual", _folder);
        foreach (string method in new[] { "plain", "augmented" })
        {
            FinishedRun run = TextRehearsal.Of(reviews, method);
            Assert.Equal(run.Metrics[StudyMetrics.EditsFollowed], run.Primary);
        }
    }

    [Fact]
    public void Six_layers_teach_three_and_are_asked_once()
    {
        TextRehearsal.RequireData();
        MethodStudy study = rehearsal.Narrow("multinli-distillation", _folder);
        foreach (string method in new[] { "teacher-dro", "kd", "debiased" })
        {
            FinishedRun run = TextRehearsal.Of(study, method);
            Assert.Equal(run.Metrics[StudyMetrics.Worst], run.Primary);
        }

        string kept = Assert.Single(Directory.GetFiles(Path.Combine(_folder, "teachers"), "multinli-distillation*GroupDro*.idv"));
        float[][] scores = [.. new MLContext(seed: 1).Data.LoadFromBinary(kept).GetColumn<float[]>(TeacherShelf.Scores)];
        Assert.Equal(24, scores.Length);
        Assert.All(scores, row => Assert.Equal(1, row.Sum(), 1e-4));
    }

    [Theory]
    [InlineData("civilcomments")]
    [InlineData("multinli-published")]
    public void Published_files_are_learned_in_their_own_splits(string name)
    {
        using var data = new DataFolder();
        rehearsal.LinkEncoder(data);
        WriteCivilComments(data);
        WriteMultiNli(data);
        MethodStudy study = Study($"{name} --rows 16 --epochs 1 --data {data.Root}");
        StudyData rows = study.SearchRows(new MLContext(seed: 1));
        Assert.Equal((16, 12, 18), (Texts(rows.Train).Length, Texts(rows.Validation).Length, Texts(rows.Test).Length));
        FinishedRun run = TextRehearsal.Of(study, "plain");
        Assert.Equal(run.Metrics[StudyMetrics.Worst], run.Primary);
    }

    [Theory]
    [InlineData("multinli --agreement 0.9", "--agreement: multinli does not take it, since texts say what they say; ")]
    [InlineData("multinli-distillation --size 9", "--size: multinli-distillation does not take it, since texts have no side; ")]
    [InlineData(
        "multinli-distillation --setting stage=1",
        "--setting: multinli-distillation does not take it, since students have no setting of a sieve; ")]
    public void What_texts_cannot_be_asked_is_refused(string line, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Study(line)).Message);

    [Fact]
    public void Edits_are_followed_where_both_of_a_pair_are_right()
    {
        var ml = new MLContext(seed: 1);
        Review[] reviews =
        [
            new([0], "negative", "a"), new([1], "positive", "a"),
            new([0], "negative", "b"), new([1], "positive", "b"),
            new([0], "negative", "c"), new([0], "positive", "c"), // the model sees no edit
            new([0], "negative", "d"), new([1], "positive", "d"),
            new([1], "positive", ""), // alone
        ];
        IDataView rows = ml.Data.LoadFromEnumerable(reviews);
        StudyData data = StudyData.From(ml, ["negative", "positive"], rows, rows, rows);
        ITransformer model = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(data.Train);
        IReadOnlyDictionary<string, double> figures = StudyMetrics.Evaluate(ml, model, data.Test);
        Assert.Equal(0.75, figures[StudyMetrics.EditsFollowed]);
        Assert.DoesNotContain(StudyMetrics.Flips, figures);
    }

    [Fact]
    public void A_word_that_raises_the_score_by_itself_has_the_lowest_area()
    {
        var ml = new MLContext(seed: 1);
        (string Word, bool Toxic, float Score)[] sentences =
        [
            ("loud", false, 0.7f), ("loud", false, 0.6f), ("loud", true, 0.9f),
            ("calm", false, 0.1f), ("calm", false, 0.2f), ("calm", true, 0.65f), ("calm", true, 0.8f),
        ];
        IDataView scored = ml.Data.LoadFromEnumerable(sentences.Select(sentence =>
            new Sentence(sentence.Toxic ? 1u : 0u, // which a view takes for the keys 2 and 1
                 [1 - sentence.Score, sentence.Score], sentence.Word)).ToArray());
        IReadOnlyDictionary<string, double> areas = StudyMetrics.AreasByCue(ml, scored);
        Assert.Equal(0.75, areas["loud"], 1e-6); // .65 < .7 of four pairs
        Assert.Equal(1, areas["calm"], 1e-6);
    }

    private MethodStudy Study(string line) => TextRehearsal.Study(line, _folder);

    private static void WriteCivilComments(DataFolder data)
    {
        var rows = from split in new[] { ("train", 20), ("val", 12), ("test", 18) }
                   from i in Enumerable.Range(0, split.Item2)
                   let toxic = i % 2
                   let named = i / 2 % 2
                   let comment = $"\"{(named == 1 ? "a man" : "a cloud")}, {(toxic == 1 ? "bad" : "good")} {i}\""
                   select $"{comment},{split.Item1},{toxic},{named},0,0,0,0,0,0,0";
        data.Text(
            "civilcomments/all_data_with_identities.csv",
            rows.Prepend("comment_text,split,toxicity,male,female,LGBTQ,christian,muslim,other_religions,black,white"));
    }

    private static void WriteMultiNli(DataFolder data)
    {
        string[] labels = ["contradiction", "entailment", "neutral"];
        Write("train", 24);
        Write("dev_matched", 12);
        Write("dev_mismatched", 18);

        void Write(string name, int rows) => data.Text(
            $"multinli/multinli_1.0_{name}.jsonl",
            Enumerable.Range(0, rows).Select(i => JsonSerializer.Serialize(new
            {
                gold_label = labels[i % 3],
                sentence1 = $"The cat has {i} mice.",
                sentence2 = i / 3 % 2 == 0 ? "There is no mouse." : "There are mice.",
            })));
    }

    private static (string Group, int Rows)[] Counts(IDataView view)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        view.Schema["Label"].GetKeyValues(ref names);
        string[] labels = [.. names.DenseValues().Select(name => name.ToString())];
        return
        [
            .. view.GetColumn<uint>("Label").Zip(view.GetColumn<string>("Cue"), (label, cue) => $"{labels[label - 1]}, {cue}")
                .CountBy(group => group)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (group.Key, group.Value)),
        ];
    }

    private static int OfLabel(IDataView view, uint label) => view.GetColumn<uint>("Label").Count(each => each == label);

    private static string[] Texts(IDataView view) => [.. view.GetColumn<string>("Text")];

    private static string[] Pairs(IDataView view) => [.. view.GetColumn<string>("Pair")];

    private sealed record Review([property: VectorType(1)] float[] Features, string Label, string Pair)
    {
        public string Cue => "all";
    }

    private sealed record Sentence([property: KeyType(2)] uint Label, [property: VectorType(2)] float[] Score, string Cue);
}
