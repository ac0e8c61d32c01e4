using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

public sealed partial class ReportTests(ReportedModels models) : IClassFixture<ReportedModels>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    [Fact]
    public void Every_figure_has_a_caption_and_a_text_alternative()
    {
        string html = models.Create().Html;
        MatchCollection figures = FigurePattern().Matches(html);
        Assert.True(figures.Count > 12, $"There are {figures.Count} figures.");
        Assert.All(figures, figure => Assert.Matches(@"<figcaption[^>]*>\s*\S", figure.Value));
        Assert.All(figures, figure => Assert.Matches(@"<svg viewBox|<img |class=""strip""", figure.Value));
        Assert.All(
            ChartPattern().Matches(html),
            chart => Assert.Matches(@"role=""img"".*<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>", chart.Value));
        Assert.All(ImagePattern().Matches(html), image => Assert.Matches(@"alt=""[^""]+""", image.Value));
        Assert.DoesNotContain("<th>", html, StringComparison.Ordinal); // each has a scope
        string[] ids = [.. IdPattern().Matches(html).Select(id => id.Groups[1].Value)];
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Names_of_classes_groups_and_models_cannot_break_the_page()
    {
        string html = models.Create().Html;
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("linear <stock>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Report <of>", html, StringComparison.Ordinal);
        Assert.Contains(WebUtility.HtmlEncode(ReportedModels.Hostile), html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_is_self_contained()
    {
        string html = models.Create().Html;
        Assert.All(
            AddressPattern().Matches(html), address => Assert.StartsWith("data:", address.Groups[1].Value, StringComparison.Ordinal));
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.All(UrlPattern().Matches(html), url => Assert.Equal("#hatch", url.Groups[1].Value));
        Assert.True(html.Length < 2_000_000, $"The page has {html.Length} characters.");
    }

    [Fact]
    public void The_group_table_says_what_the_evaluation_says()
    {
        string html = models.Create().Html;
        GroupMetrics[] metrics =
        [
            .. models.Models.Select(model => models.Ml.MulticlassClassification.EvaluateByGroup(model.Model.Transform(models.Test), "Cue")),
        ];
        foreach (GroupResult group in metrics[0].Groups)
        {
            string cells = string.Concat(metrics.Select(metric => metric.Groups.Single(each => each.Name == group.Name))
                .Select(each => FormattableString.Invariant($"<td>{100 * each.Accuracy:F1} <span class=\"range\">(")
                    + FormattableString.Invariant($"{100 * each.AccuracyInterval.Low:F1} to ")
                    + FormattableString.Invariant($"{100 * each.AccuracyInterval.High:F1})</span></td>")));
            Assert.Contains(
                $"<tr><th scope=\"row\">{WebUtility.HtmlEncode(group.Name)}</th><td>{group.Count}</td>{cells}</tr>", html,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Mended_kept_and_new_mistakes_are_counted_as_they_are()
    {
        string html = models.Create().Html;
        bool[] plain = Hits(models.Plain), sieve = Hits(models.Sieve);
        int Count(bool first, bool second) => plain.Zip(sieve).Count(row => row.First == first && row.Second == second);
        int[] counts = [Count(false, true), Count(false, false), Count(true, false)];
        Assert.True(
            counts.Count(count => count > 0) >= 2 && counts.Distinct().Count() == 3,
            $"{string.Join(", ", counts)} mistakes do not tell the three kinds apart.");
        Assert.Contains($"Mended: plain is wrong, sieve is right (rows: {Count(false, true)})", html, StringComparison.Ordinal);
        Assert.Contains($"Not mended: both are wrong (rows: {Count(false, false)})", html, StringComparison.Ordinal);
        Assert.Contains($"New: plain is right, sieve is wrong (rows: {Count(true, false)})", html, StringComparison.Ordinal);

        bool[] Hits(ITransformer model)
        {
            IDataView scored = model.Transform(models.Test);
            return
            [
                .. scored.GetColumn<uint>("Label").Zip(scored.GetColumn<uint>("PredictedLabel"), (label, predicted) => label == predicted),
            ];
        }
    }

    [Fact]
    public void Curves_show_the_history_that_the_models_carry()
    {
        string html = models.Create().Html;
        TrainingHistory history = ((TransformerChain<EarlyReadoutTransformer>)models.Sieve).LastTransformer.History;
        Assert.Equal([1, 2, 3], history.Points.Select(point => point.Epoch));
        Assert.Contains(history.Selected, history.Points);
        Assert.Equal(history.Points.Max(point => point.ValidationScore), history.Selected!.ValidationScore);
        foreach (TrainingPoint point in history.Points)
            Assert.Contains(
                FormattableString.Invariant($"<td>{point.Losses["forget"]:0.####}</td><td>{point.Losses["forgotten"]:0.####}</td>"), html,
                StringComparison.Ordinal);
        Assert.Contains("bound, log C: 0.693", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Clusters_of_a_readouts_errors_are_shown_with_pictures_and_what_tells_them()
    {
        string section = Section(models.Create().Html, "shortcuts");
        Assert.NotEmpty(models.Shortcuts.Clusters);
        int shown = models.Shortcuts.Clusters.Sum(cluster => Math.Min(cluster.Rows.Count, models.Options.Pictures));
        Assert.Equal(shown, ImagePattern().Count(section));
        foreach ((int i, ShortcutCluster cluster) in models.Shortcuts.Clusters.Index())
        {
            Assert.Contains(
                $"Cluster {i + 1}: {WebUtility.HtmlEncode(cluster.Label)}, read as {WebUtility.HtmlEncode(cluster.ReadAs)}", section,
                StringComparison.Ordinal);
            Assert.All(cluster.TellingValues, value => Assert.Contains(
                $"<li>{WebUtility.HtmlEncode(value.ToString())}</li>", section, StringComparison.Ordinal));
        }

        Assert.Contains(models.Shortcuts.Clusters, cluster => cluster.TellingValues.Any(value => value.ColumnName == "Cue"));
    }

    [Fact]
    public void A_joint_update_has_one_curve_of_forgetting_since_nothing_follows_it()
    {
        string html = models.Ml.MulticlassClassification.CreateReport(models.Test, [new("joint", models.FitSieve(SieveUpdate.Joint))]).Html;
        Assert.Contains("forgetting loss in nats. The dashed line is its bound, log C = 0.693.", html, StringComparison.Ordinal);
        Assert.Contains("bound, log C: 0.693", html, StringComparison.Ordinal);
        Assert.DoesNotContain("after it", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, SelectionMetric.AverageAccuracy, "No validation figure chose the network: the last one was kept.")]
    [InlineData(0.2, SelectionMetric.LastEpoch, "No validation figure chose the network: the last one was kept.")]
    [InlineData(0.2, SelectionMetric.AverageAccuracy, "The network of the highest validation figure is the one that was kept.")]
    public void The_curves_say_what_chose_the_network(double held, SelectionMetric selection, string sentence)
    {
        IDataView rows = BiasedRow.View(models.Ml, 60);
        using EarlyReadoutTransformer model = FitSmall(rows, new() { ValidationFraction = held, Selection = selection, Epochs = 2 });
        string html = models.Ml.MulticlassClassification.CreateReport(rows, [new("it", model)]).Html;
        Assert.Contains($"<b>it</b>: in % of rows, by epoch. {sentence}</figcaption>", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SelectionMetric.AverageAccuracy)]
    [InlineData(SelectionMetric.LastEpoch)]
    public void The_curves_say_that_the_last_layer_was_fitted_anew_and_how_it_does(SelectionMetric selection)
    {
        IDataView rows = BiasedRow.View(models.Ml, 200);
        using EarlyReadoutTransformer model = FitSmall(rows, new()
        {
            ValidationFraction = 0.2,
            Selection = selection,
            Objective = { Kind = ObjectiveKind.AutomaticFeatureReweighting },
            Epochs = 2,
        });
        string html = models.Ml.MulticlassClassification.CreateReport(rows, [new("it", model)]).Html;
        string sentences = selection == SelectionMetric.LastEpoch
            ? "No validation figure chose the network: the last one was kept. Its last layer was then fitted anew."
            : "The network of the highest validation figure is the one that was kept. Its last layer was then fitted anew: with that the "
                + FormattableString.Invariant($"figure is {100 * model.History.Refitted!.ValidationScore!.Value:F1} %.");
        Assert.Contains($"<b>it</b>: in % of rows, by epoch. {sentences}</figcaption>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_inputs_give_equal_pages() => Assert.Equal(models.Create().Html, models.Create().Html);

    [Fact]
    public void Any_classifier_can_be_reported_alone_and_without_groups()
    {
        string html = models.Ml.MulticlassClassification.CreateReport(models.Test, [new("linear", models.Linear)]).Html;
        Assert.Contains("Accuracy by group", html, StringComparison.Ordinal);
        Assert.Contains(">right<", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"training\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_model_reads_the_columns_that_it_needs_once_and_its_own_input_again_for_what_is_shown()
    {
        var view = new CountingView(models.Test);
        string html = models.Ml.MulticlassClassification.CreateReport(view, models.Models, new ReportOptions { Pictures = 3 }).Html;
        Assert.All(["mistakes", "shortcuts", "weights"], section => Assert.Matches(ImagePattern(), Section(html, section)));
        Assert.Equal(5, view.Cursors); // the stock classifier shows no pictures
        Assert.Equal(3, view.ActiveColumns.Count(column => column == "Class"));
        Assert.Equal(["Class", "Pixels"], view.ActiveColumns.Distinct().Order()); // no figure needs Cue
    }

    [Theory]
    [InlineData("Truth", "Truth=False", "Truth=True")] // a bool
    [InlineData("Index", "0", "1")] // a number, where the classes are words
    public void Without_a_group_column_the_groups_are_called_alike_in_all_sections_whatever_the_label_is(
        string label, string first, string second)
    {
        IDataView rows = Told(isThird => new ToldRow { Class = $"{isThird}", Truth = isThird, Index = isThird ? 1 : 0 });
        using EarlyReadoutTransformer model = FitSmall(rows, new() { Epochs = 1 });
        string html = models.Ml.MulticlassClassification.CreateReport(
            rows, [new("it", model)], new ReportOptions { LabelColumnName = label }).Html;
        foreach ((string name, int count) in new[] { (first, 40), (second, 20) })
        {
            Assert.Contains($"<tr><th scope=\"row\">{name}</th><td>{count}</td>", html, StringComparison.Ordinal);
            Match margins = Assert.Single<Match>(
                Regex.Matches(html, $@"<tr><th scope=""row"">{name}</th><td>(\d+)</td><td>[^<]*</td><td>(\d+)</td><td>[^<]*</td></tr>"));
            Assert.Equal(count, margins.Groups.Values.Skip(1).Sum(part => int.Parse(part.Value, CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void Two_groups_of_one_name_are_told_apart_in_all_sections()
    {
        IDataView rows = Told(isThird => new ToldRow { Class = isThird ? "a, b" : "a", Place = isThird ? "c" : "b, c" });
        using EarlyReadoutTransformer model = FitSmall(rows, new() { Epochs = 1 });
        string html = models.Ml.MulticlassClassification.CreateReport(
            rows, [new("it", model), new("again", model)], new ReportOptions { GroupColumnName = "Place" }).Html;
        GroupMetrics metrics = models.Ml.MulticlassClassification.EvaluateByGroup(model.Transform(rows), "Place");
        Assert.Equal([("a, b, c", 40L), ("a, b, c", 20L)], metrics.Groups.Select(group => (group.Name, group.Count)));
        foreach (GroupResult group in metrics.Groups)
        {
            string accuracy = (100 * group.Accuracy).ToString("F1", CultureInfo.InvariantCulture);
            Assert.Contains(
                $"<tr><th scope=\"row\">a, b, c</th><td>{group.Count}</td><td>{accuracy} ", html, StringComparison.Ordinal);
            string wrong = $"<td>0</td><td>{group.Count - group.Correct}</td><td>0</td></tr>"; // the same model mends nothing
            Assert.Contains($"<tr><th scope=\"row\">a, b, c</th>{wrong}", html, StringComparison.Ordinal);
        }

        MatchCollection margins = Regex.Matches(
            html, @"<tr><th scope=""row"">a, b, c</th><td>(\d+)</td><td>[^<]*</td><td>(\d+)</td><td>[^<]*</td></tr>");
        Assert.Equal(
            [20, 20, 40, 40], // of each model
            margins.Select(row => row.Groups.Values.Skip(1).Sum(part => int.Parse(part.Value, CultureInfo.InvariantCulture))).Order());
    }

    [Fact]
    public void A_file_is_written_wholly_or_not_at_all()
    {
        HtmlReport report = models.Create();
        string path = Path.Combine(_folder, "report.html");
        File.WriteAllText(path, "an older report");
        report.Save(path);
        Assert.Equal(report.Html, File.ReadAllText(path));
        string nowhere = Path.Combine(_folder, "missing", "report.html");
        Assert.Contains(nowhere, Assert.Throws<IOException>(() => report.Save(nowhere)).Message, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void What_cannot_be_reported_is_named()
    {
        MulticlassClassificationCatalog catalog = models.Ml.MulticlassClassification;
        Assert.Contains(
            "at least one model", Assert.Throws<ArgumentException>(() => catalog.CreateReport(models.Test, [])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "named 'a'",
            Assert.Throws<ArgumentException>(
                () => catalog.CreateReport(models.Test, [new("a", models.Plain), new("a", models.Sieve)])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "The group column 'Place' is not in the data",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => catalog.CreateReport(models.Test, models.Models, new ReportOptions { GroupColumnName = "Place" })).Message,
            StringComparison.Ordinal);
        string faults = Assert.Throws<ArgumentException>(
            () => catalog.CreateReport(
                models.Test, models.Models,
                new ReportOptions { Title = "", Pictures = -1, Beta = 100, GroupColumnName = "Label" })).Message;
        Assert.All(
            new[]
            {
                "Title", "Pictures", "Beta is 100; it must be ",
                "GroupColumnName is 'Label', the label, which is part of every group already; leave it null.",
            },
            fault => Assert.Contains(fault, faults, StringComparison.Ordinal));
        ITransformer fewer = new FirstRows(models.Plain, models.Ml);
        foreach (ReportedModel[] reported in new ReportedModel[][]
        {
            [new("plain", models.Plain), new("fewer", fewer)],
            [new("plain", models.Plain), new("sieve", models.Sieve), new("fewer", fewer)],
        })
        {
            Assert.StartsWith(
                "'plain' and 'fewer' did not score the same rows in the same order.",
                Assert.Throws<InvalidOperationException>(() => catalog.CreateReport(models.Test, reported)).Message,
                StringComparison.Ordinal);
        }
    }

    private static string Section(string html, string name)
    {
        int start = html.IndexOf($"<section aria-labelledby=\"{name}\">", StringComparison.Ordinal);
        return html[start..html.IndexOf("</section>", start, StringComparison.Ordinal)];
    }

    /// <summary>60 rows of two kinds: every third, and the others.</summary>
    private IDataView Told(Func<bool, ToldRow> tell)
    {
        var random = new Random(4);
        IDataView told = models.Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 60).Select(i =>
        {
            ToldRow row = tell(i % 3 == 2);
            row.Features = [i % 3, random.NextSingle()];
            return row;
        }).ToArray());
        return models.Ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(told).Transform(told);
    }

    /// <summary>Fits a network of one small stage, with a readout of it.</summary>
    private EarlyReadoutTransformer FitSmall(IDataView rows, EarlyReadoutEstimator.Options options)
    {
        options.Network = new NetworkOptions { Kind = NetworkKind.Mlp, HiddenUnits = [6] };
        options.Taps = [new() { Stage = 1 }];
        return models.Ml.Transforms.EarlyReadout(options).Fit(rows);
    }

    /// <summary>A row that tells its class in three ways.</summary>
    private sealed class ToldRow
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";

        public string Place { get; set; } = "";

        public bool Truth { get; set; }

        public float Index { get; set; }
    }

    /// <summary>A pipeline that loses rows.</summary>
    private sealed class FirstRows(ITransformer inner, MLContext ml) : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inner.GetOutputSchema(inputSchema);

        public IDataView Transform(IDataView input) => ml.Data.TakeRows(inner.Transform(input), 50);

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        public void Save(ModelSaveContext ctx) => throw new NotSupportedException();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex("<figure.*?</figure>", RegexOptions.Singleline)]
    private static partial Regex FigurePattern();

    [GeneratedRegex("<svg viewBox=\"0 0 420.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex ChartPattern();

    [GeneratedRegex("<img [^>]*>")]
    private static partial Regex ImagePattern();

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex IdPattern();

    [GeneratedRegex("(?:src|href)=\"([^\"]*)\"")]
    private static partial Regex AddressPattern();

    [GeneratedRegex(@"url\(([^)]*)\)")]
    private static partial Regex UrlPattern();
}
