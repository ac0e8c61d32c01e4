using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>docs/training.md lists the options of a trainer, and what they come to: it must be what there is.</summary>
public sealed partial class TrainingPageTests
{
    private static readonly string Page =
        File.ReadAllText(Path.Combine(Repository.Root, "docs/training.md")).ReplaceLineEndings("\n");

    // Stages of a width that no code has released.
    private static readonly NetworkOptions Small = new()
    {
        HiddenUnits = [24, 24],
        Channels = [24, 24],
        Encoder = { Layers = 1, Width = 24 },
    };

    private static readonly FeatureShape Vector = FeatureShape.Vector(5), Image = FeatureShape.Image(3, 32, 32),
        Tokens = FeatureShape.Tokens(16, 50, 3);

    [Fact]
    public void The_table_of_all_options_has_every_option_of_every_trainer_once()
    {
        string table = Section().Match(Page).Value;
        string[] named = [.. FirstCell().Matches(table).SelectMany(cell => Names(cell.Groups[1].Value))];
        string[] options =
        [
            .. Of(typeof(TrainerOptions), "").Except(["Optimizer", "Schedule"]),
            .. Of(typeof(OptimizerOptions), "Optimizer."),
            .. Of(typeof(ScheduleOptions), "Schedule."),
        ];
        Assert.Equal(options.Order(), named.Order());
    }

    [Fact]
    public void The_table_of_augmentation_has_every_option_of_it()
    {
        Assert.All(Of(typeof(AugmentationOptions), ""), option => Assert.Matches($@"(?m)^\| [^|]*`{option}`", Page));
    }

    [Fact]
    public void The_tables_of_what_is_automatic_have_what_the_options_of_every_trainer_come_to()
    {
        string[][] all = AutomaticTable(0), texts = AutomaticTable(1);
        using (AutomaticColumn column = new(Small, Vector, pretrained: false))
            AssertColumn(column.OfAll, all, "vectors, fresh weights");
        using (AutomaticColumn column = new(Small, Image, pretrained: false))
            AssertColumn(column.OfAll, all, "images, fresh weights");
        foreach (FeatureShape shape in new[] { Vector, Image })
        {
            using AutomaticColumn column = new(Small, shape, pretrained: true);
            AssertColumn(column.OfAll, all, "pretrained weights");
        }

        using (AutomaticColumn column = new(Small, Tokens, pretrained: false))
            AssertColumn(column.OfTexts, texts, "texts, fresh weights");
        using (AutomaticColumn column = new(Small, Tokens, pretrained: true))
            AssertColumn(column.OfTexts, texts, "texts, pretrained weights");
    }

    [Theory]
    [InlineData(false)] // "Texts have the first column's values with fresh weights
    [InlineData(true)] // and the last one's with pretrained weights, except these"
    public void Texts_have_the_values_of_others_but_for_those_of_their_own_table(bool pretrained)
    {
        string[] own = [.. AutomaticTable(1).Skip(1).SelectMany(row => Names(row[0]))];
        using AutomaticColumn others = new(Small, Vector, pretrained), texts = new(Small, Tokens, pretrained);
        Assert.Equal(others.OfAll.Where(IsShared), texts.OfAll.Where(IsShared));

        bool IsShared((string Option, string Cell) row) => !Names(row.Option).Intersect(own).Any();
    }

    [Fact]
    public void Without_batch_norm_images_have_the_values_of_vectors_but_for_one_rate()
    {
        var flat = new NetworkOptions { Kind = NetworkKind.Mlp, HiddenUnits = Small.HiddenUnits };
        var bare = new NetworkOptions { Kind = NetworkKind.SqueezeNet11 };
        using AutomaticColumn vectors = new(Small, Vector, pretrained: false);
        using AutomaticColumn mlp = new(flat, Image, pretrained: false), squeezeNet = new(bare, Image, pretrained: false);
        Assert.Equal(vectors.OfAll, mlp.OfAll);
        (string Option, string Cell) rate = ("`Optimizer.LearningRate`: SGD (AdamW)", "0.01 (0.001)");
        Assert.Equal([rate], squeezeNet.OfAll.Except(vectors.OfAll));
        Assert.Contains("SqueezeNet, at 0.01.", Page, StringComparison.Ordinal);
    }

    private static void AssertColumn((string Option, string Cell)[] expected, string[][] table, string head)
    {
        int column = Array.IndexOf(table[0], head);
        Assert.Equal(expected, table.Skip(1).Select(row => (row[0], row[column])));
    }

    /// <summary>A table of what is automatic, its head first, without the line below that.</summary>
    private static string[][] AutomaticTable(int number) =>
    [
        .. Table().Matches(Automatic().Match(Page).Value)[number].Value.TrimEnd().Split('\n')
            .Where((_, line) => line != 1)
            .Select(line => line.Trim('|', ' ').Split(" | ")),
    ];

    private static IEnumerable<string> Of(Type type, string prefix) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => prefix + property.Name);

    // Behind a name with a dot, the others of its cell are of the same options.
    private static IEnumerable<string> Names(string cell)
    {
        string prefix = "";
        foreach (Match name in Name().Matches(cell))
        {
            string text = name.Groups[1].Value;
            if (text.Contains('.', StringComparison.Ordinal)) prefix = text[..(text.IndexOf('.', StringComparison.Ordinal) + 1)];
            yield return text.Contains('.', StringComparison.Ordinal) ? text : prefix + text;
        }
    }

    [GeneratedRegex(@"(?s)## All options of a trainer\n.*?\n## ")]
    private static partial Regex Section();

    [GeneratedRegex(@"(?s)## What is automatic\n.*?\n## ")]
    private static partial Regex Automatic();

    [GeneratedRegex(@"(?m)(^\|.*\n)+")]
    private static partial Regex Table();

    [GeneratedRegex(@"(?m)^\| (`[^|]*) \|")]
    private static partial Regex FirstCell();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
