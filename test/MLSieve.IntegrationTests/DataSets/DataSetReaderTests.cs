using Microsoft.ML;
using Studies;

namespace MLSieve.Tests;

/// <summary>Each reader on a small folder of the published layout: a view's columns are input, Label, Attribute, Group and Split.</summary>
public sealed class DataSetReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("waterbird_complete95_forest2water2/")]
    public void Waterbirds_are_read_from_their_folder_or_the_one_above(string below)
    {
        _folder.Text(
            below + "metadata.csv",
            "img_id,img_filename,y,split,place,place_filename",
            "1,001.Albatross/a.jpg,1,0,0,/b/bamboo.jpg",
            "2,002.Sparrow/b.jpg,0,1,1,/o/ocean.jpg",
            "3,002.Sparrow/c.jpg,0,2,0,/b/bamboo.jpg");
        foreach (string image in new[] { "001.Albatross/a.jpg", "002.Sparrow/b.jpg", "002.Sparrow/c.jpg" }) _folder.Jpeg(below + image);
        DataSet set = DataSets.Waterbirds(_folder.Root);
        Assert.Equal(
            ["Path", "Label", "Attribute", "Group", "Split"],
            set.ToDataView(new MLContext(1), cancellation: TestContext.Current.CancellationToken).Schema.Select(column => column.Name));
        Assert.Equal(
            [
                $"{below}001.Albatross/a.jpg|waterbird|land|waterbird, land|train",
                $"{below}002.Sparrow/b.jpg|landbird|water|landbird, water|validation",
                $"{below}002.Sparrow/c.jpg|landbird|land|landbird, land|test",
            ],
            _folder.Rows(set));
        Assert.Equal([$"{below}002.Sparrow/c.jpg|landbird|land|landbird, land|test"], _folder.Rows(set, Splits.Test));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CelebA_is_read_from_csv_and_from_the_original_text(bool csv)
    {
        if (csv)
        {
            _folder.Text("list_attr_celeba.csv", "image_id,Bald,Blond_Hair,Male", "000001.jpg,-1,1,-1", "000002.jpg,1,-1,1");
            _folder.Text("list_eval_partition.csv", "image_id,partition", "000001.jpg,0", "000002.jpg,2");
        }
        else
        {
            _folder.Text("list_attr_celeba.txt", "2", "Bald Blond_Hair Male ", "000001.jpg -1  1 -1", "000002.jpg  1 -1  1");
            _folder.Text("list_eval_partition.txt", "000001.jpg 0", "000002.jpg 2");
        }

        _folder.Jpeg("img_align_celeba/000001.jpg");
        _folder.Jpeg("img_align_celeba/000002.jpg");
        Assert.Equal(
            [
                "img_align_celeba/000001.jpg|blond|female|blond, female|train",
                "img_align_celeba/000002.jpg|not blond|male|not blond, male|test",
            ],
            _folder.Rows(DataSets.CelebA(_folder.Root)));
    }

    [Fact]
    public void CelebA_names_the_image_that_has_no_partition()
    {
        _folder.Text("list_attr_celeba.csv", "image_id,Blond_Hair,Male", "000001.jpg,1,-1", "000002.jpg,-1,1");
        _folder.Text("list_eval_partition.csv", "image_id,partition", "000001.jpg,0");
        Assert.Contains("000002.jpg", Assert.Throws<InvalidDataException>(() => DataSets.CelebA(_folder.Root)).Message);
    }

    [Fact]
    public void CivilComments_keep_commas_quotes_and_lines_of_a_comment_and_know_whether_an_identity_is_named()
    {
        _folder.Text(
            "all_data_with_identities.csv",
            ",id,comment_text,split,toxicity,male,female,LGBTQ,christian,muslim,other_religions,black,white",
            "0,10,\"Well, \"\"no\"\".",
            "Not at all.\",train,0.5,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.5",
            "1,11,plain,val,0.49,,,,,,,,",
            "2,12,other,test,0.0,0.4,0.0,0.0,0.0,0.0,0.0,0.0,0.0");
        Assert.Equal(
            [
                "Well, \"no\".\nNot at all.|toxic|identity|toxic, identity|train",
                "plain|non-toxic|no identity|non-toxic, no identity|validation",
                "other|non-toxic|no identity|non-toxic, no identity|test",
            ],
            _folder.Rows(DataSets.CivilComments(_folder.Root)));
    }

    [Fact]
    public void CivilComments_take_the_files_own_word_for_any_identity_where_it_has_one()
    {
        _folder.Text(
            "all_data_with_identities.csv",
            "comment_text,split,toxicity,male,female,LGBTQ,christian,muslim,other_religions,black,white,identity_any",
            "about a faith that has no column,train,0.9,0,0,0,0,0,0,0,0,1");
        Assert.Equal(
            ["about a faith that has no column|toxic|identity|toxic, identity|train"], _folder.Rows(DataSets.CivilComments(_folder.Root)));
    }

    [Fact]
    public void Sentences_have_the_last_and_longest_identity_word_and_tweets_whether_they_have_any()
    {
        _folder.Text("davidson/labeled_data.csv", ",class,tweet", "0,2,Old friends!", "1,0,golden boys", "2,1,\"too, African-American\"");
        _folder.Text(
            "identity-madlibs/bias_madlibs_77k.csv",
            "Text,Label,Template",
            "hug old,NOT_BAD,verb_adj", "hurt african,BAD,verb_adj",
            "hug african american,NOT_BAD,verb_adj", "hug american,NOT_BAD,verb_adj",
            "Old is a kind african american,NOT_BAD,name_adj", "You are a dull lawyer,BAD,you_occupation");
        Assert.Equal(
            [
                "Old friends!|non-toxic|identity|non-toxic, identity|all",
                "golden boys|toxic|no identity|toxic, no identity|all",
                "too, African-American|toxic|identity|toxic, identity|all",
                "hug old|non-toxic|old|non-toxic, old|test",
                "hurt african|toxic|african|toxic, african|test",
                "hug african american|non-toxic|african american|non-toxic, african american|test",
                "hug american|non-toxic|american|non-toxic, american|test",
                "Old is a kind african american|non-toxic|african american|non-toxic, african american|test",
                "You are a dull lawyer|toxic|no identity|toxic, no identity|test",
            ],
            _folder.Rows(DataSets.IdentityTerms(_folder.Root)));
    }

    [Fact]
    public void Edited_reviews_are_pairs_within_their_split()
    {
        foreach (string name in new[] { "train", "dev", "test" })
        {
            _folder.Text(
                $"sentiment-combined-paired-{name}_paired.tsv",
                "Sentiment\tText\tbatch_id", $"Negative\tdull, {name}\t4", $"Positive\tfine, {name}\t4");
        }

        DataSet set = DataSets.CounterfactualImdb(_folder.Root);
        Assert.Equal(["dull, dev|negative|all|negative|validation", "fine, dev|positive|all|positive|validation"],
            _folder.Rows(set, Splits.Validation));
        Assert.All(set.Examples, example => Assert.Equal("4", example.Pair));
        _folder.Text("sentiment-combined-paired-dev_paired.tsv", "Sentiment\tText\tbatch_id", "Good\tfine\t4");
        Assert.EndsWith(
            "line 2: column Sentiment is 'Good'; expected Negative or Positive.",
            Assert.Throws<InvalidDataException>(() => DataSets.CounterfactualImdb(_folder.Root)).Message);
    }

    [Fact]
    public void MultiNli_is_read_from_plain_jsonl_with_its_negations_as_whole_words()
    {
        _folder.Gzip(
            "mnli-dev.jsonl.gz",
            """{"premise": "All came.", "hypothesis": "Nobody came.", "label": "contradiction"}""",
            """{"premise": "All came.", "hypothesis": "We know nobodies.", "label": "neutral"}""",
            """{"premise": "Did it?", "hypothesis": "Well, no!", "label": "entailment"}""");
        DataSet set = DataSets.MultiNli(_folder.Root);
        Assert.Equal(
            ["Text", "TextPair", "Label", "Attribute", "Group", "Split"],
            set.ToDataView(new MLContext(1), cancellation: TestContext.Current.CancellationToken).Schema.Select(column => column.Name));
        Assert.Equal(
            [
                "All came.|Nobody came.|contradiction|negation|contradiction, negation|validation",
                "All came.|We know nobodies.|neutral|no negation|neutral, no negation|validation",
                "Did it?|Well, no!|entailment|negation|entailment, negation|validation",
            ],
            _folder.Rows(set));
    }

    [Fact]
    public void MultiNli_metadata_numbers_the_pairs_of_the_published_files_and_says_their_split()
    {
        WritePublishedMultiNli();
        _folder.Text("metadata_random.csv", ",gold_label,sentence2_has_negation,split", "0,1,0,2", "2,0,1,0", "3,2,0,1");
        Assert.Equal(
            [
                "p0|h0|entailment|no negation|entailment, no negation|test",
                "p2|never h2|contradiction|negation|contradiction, negation|train",
                "p3|h3|neutral|no negation|neutral, no negation|validation",
            ],
            _folder.Rows(DataSets.MultiNli(_folder.Root)));
    }

    [Fact]
    public void MultiNli_without_metadata_has_the_preset_split_and_leaves_out_pairs_without_a_majority()
    {
        WritePublishedMultiNli();
        Assert.Equal(
            [(Splits.Validation, "p2"), (Splits.Test, "p3"), (Splits.Train, "p0")],
            DataSets.MultiNli(_folder.Root).Examples.Select(example => (example.Split, example.Text!)));
    }

    [Fact]
    public void MultiNli_metadata_that_does_not_fit_the_pairs_is_an_error()
    {
        WritePublishedMultiNli();
        string metadata = _folder.Text("metadata_random.csv", ",gold_label,sentence2_has_negation,split", "0,2,0,0");
        var fault = Assert.Throws<InvalidDataException>(() => DataSets.MultiNli(_folder.Root));
        Assert.Equal($"{metadata}, line 2: column gold_label is '2'; expected 1 (entailment), the label of pair 0.", fault.Message);
    }

    [Fact]
    public void Bar_takes_the_action_from_the_name_and_has_one_attribute()
    {
        _folder.Jpeg("train/climbing_0.jpg");
        _folder.Jpeg("train/pole vaulting_12.jpg");
        _folder.Jpeg("test/pole_vaulting_3.jpg");
        Assert.Equal(
            [
                "train/climbing_0.jpg|climbing|all|climbing|train",
                "train/pole vaulting_12.jpg|pole_vaulting|all|pole_vaulting|train",
                "test/pole_vaulting_3.jpg|pole_vaulting|all|pole_vaulting|test",
            ],
            _folder.Rows(DataSets.Bar(_folder.Root)));
    }

    [Fact]
    public void Nico_takes_the_context_as_attribute_and_the_split_from_the_csv()
    {
        _folder.Text("train.csv", "path,class,context", "cat/on snow/1.jpg,cat,on snow");
        _folder.Text("test.csv", "path,class,context", "images/dog/grass/2.jpg,dog,grass");
        _folder.Jpeg("images/cat/on snow/1.jpg");
        _folder.Jpeg("images/dog/grass/2.jpg");
        Assert.Equal(
            ["images/dog/grass/2.jpg|dog|grass|dog, grass|test", "images/cat/on snow/1.jpg|cat|on snow|cat, on snow|train"],
            _folder.Rows(DataSets.NicoAnimals(_folder.Root)));
    }

    [Fact]
    public void ImageNet_is_read_from_class_folders_and_ImageNet_A_is_for_testing()
    {
        _folder.Jpeg("nine/train/n02123045/a.jpg");
        _folder.Jpeg("nine/val/n02123045/b.JPEG");
        _folder.Jpeg("a/n01498041/c.jpg");
        _folder.Text("a/README.txt", "not a class");
        Assert.Equal(
            ["nine/train/n02123045/a.jpg|n02123045|all|n02123045|train", "nine/val/n02123045/b.JPEG|n02123045|all|n02123045|validation"],
            _folder.Rows(DataSets.ImageNet9(_folder["nine"])));
        Assert.Equal(["a/n01498041/c.jpg|n01498041|all|n01498041|test"], _folder.Rows(DataSets.ImageNetA(_folder["a"])));
    }

    [Fact]
    public void The_generic_csv_is_read_beside_its_images_or_with_a_folder_of_them()
    {
        string csv = _folder.Text("lists/metadata_birds.csv", "id,filename,split,y,a", "0,x.jpg,0,1,0", "1,y.jpg,2,0,1");
        _folder.Jpeg("pictures/x.jpg");
        _folder.Jpeg("pictures/y.jpg");
        Assert.Equal(
            ["pictures/x.jpg|1|0|1, 0|train", "pictures/y.jpg|0|1|0, 1|test"], _folder.Rows(DataSets.Csv(csv, _folder["pictures"])));
        Assert.All(DataSets.Csv(csv).Examples, example => Assert.StartsWith(_folder["lists"], example.Path));
    }

    [Theory]
    [InlineData("waterbirds", "metadata.csv")]
    [InlineData("celeba", "list_attr_celeba.csv or list_attr_celeba.txt")]
    [InlineData("civilcomments", "all_data_with_identities.csv")]
    [InlineData("multinli", "no rows")]
    [InlineData("bar", "no folder train")]
    [InlineData("nico", "no rows")]
    [InlineData("imagenet-9", "no rows")]
    [InlineData("imagenet-a", "no rows")]
    [InlineData("imdb-counterfactual", "sentiment-combined-paired-train_paired.tsv")]
    [InlineData("identity-terms", "bias_madlibs_77k.csv")]
    public void An_empty_folder_is_an_error_that_says_what_was_expected(string name, string expected)
    {
        var fault = Assert.ThrowsAny<Exception>(() => DataSets.ByName[name](_folder.Root));
        // what the program turns into a message and exit code 1
        Assert.True(fault is IOException or InvalidDataException, fault.GetType().Name);
        Assert.Contains(expected, fault.Message);
        Assert.Contains(_folder.Root, fault.Message);
    }

    private void WritePublishedMultiNli()
    {
        _folder.Text("multinli_1.0_train.jsonl", Line("p0", "h0", "entailment"), Line("p1", "h1", "-"));
        _folder.Text("multinli_1.0_dev_matched.jsonl", Line("p2", "never h2", "contradiction"));
        _folder.Text("multinli_1.0_dev_mismatched.jsonl", Line("p3", "h3", "neutral"));
    }

    private static string Line(string premise, string hypothesis, string label) =>
        $$"""{"gold_label": "{{label}}", "sentence1": "{{premise}}", "sentence2": "{{hypothesis}}", "pairID": "1"}""";
}
