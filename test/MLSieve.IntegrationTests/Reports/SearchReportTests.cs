using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed partial class SearchReportTests(SearchedSieve search) : IClassFixture<SearchedSieve>
{
    [Fact]
    public void The_verdict_and_its_figures_by_seed_are_those_of_the_result()
    {
        SearchResult result = search.Result;
        string html = result.CreateReport().Html;
        Has(WebUtility.HtmlEncode(result.Verdict), html);
        SearchGain gain = result.Gain!;
        Assert.Equal(3, gain.Seeds.Count);
        Assert.Contains(gain.Seeds, seed => seed.Difference != 0);
        foreach (SeedDifference seed in gain.Seeds)
            Has(Row($"{seed.Seed}", Percent(seed.Plain), Percent(seed.Other), Signed(seed.Difference)), html);
        Has($"{Signed(gain.Mean)}</p>\n<p>points by the same seeds<br>95 % interval {Signed(gain.Low!.Value)} to "
            + $"{Signed(gain.High!.Value)}<", html);
        Has(FormattableString.Invariant($"{result.ConflictingRows}</p>\n<p>of {result.ValidationRows} validation rows"), html);
        foreach (string option in result.BestOther!.Settings.Keys)
            Has(Row(option, result.BestPlain.Settings.GetValueOrDefault(option, "–"), result.BestOther.Settings[option]), html);
    }

    [Fact]
    public void The_groups_are_told_with_rows_and_accuracies_of_the_result()
    {
        string html = search.Result.CreateReport().Html;
        Assert.Equal(4, search.Result.Groups.Count);
        Assert.Equal(2, search.Result.Groups.Count(group => group.IsConflicting));
        foreach (SearchGroup group in search.Result.Groups)
        {
            string name = WebUtility.HtmlEncode(group.Name) + (group.IsConflicting ? " (misled)" : "");
            string plain = Percent(group.PlainAccuracy!.Value, "F1"), other = Percent(group.OtherAccuracy!.Value, "F1");
            Has(Row(name, $"{group.TrainingRows}", $"{group.ValidationRows}", plain, other), html);
        }
    }

    [Fact]
    public void Every_trial_is_in_the_table_with_its_settings_and_figures()
    {
        SearchResult result = search.Result;
        string html = result.CreateReport().Html;
        string[] options = ["Readout.Stage", "Readout.Depth", "ForgetEvery", "ForgetLearningRate", "ReadoutLearningRate"];
        Assert.Equal(10, result.Trials.Count);
        foreach (SearchTrial trial in result.Trials)
        {
            string state = ReferenceEquals(trial, result.Best) ? "chosen" : trial.State == TrialState.Stopped ? "stopped" : "finished";
            string row = Row(
            [
                $"{trial.Number}",
                $"<span class=\"state\">{state}{(trial.IsPlain ? "; plain" : "")}</span>",
                .. options.Select(option => trial.Settings.GetValueOrDefault(option, "–")),
                .. result.RungSteps.Select((_, rung) => rung < trial.RungScores.Count ? Percent(trial.RungScores[rung]) : "–"),
                $"<span class=\"range\">{string.Join(", ", trial.Runs.Select(run => Percent(run.Score)))}</span>",
            ]);
            Has(row, html);
        }
    }

    [Fact]
    public void The_curves_are_the_means_of_the_seeds()
    {
        SearchResult result = search.Result;
        string html = result.CreateReport().Html;
        SearchTrial plain = result.BestPlain, other = result.BestOther!;
        foreach ((int i, CurvePoint point) in plain.Runs[0].Curve.Index())
        {
            Has(Row($"{point.Step}", Mean(plain, run => 100 * run.Curve[i].Score), Mean(other, run => 100 * run.Curve[i].Score)), html);
        }

        foreach ((int i, CurvePoint point) in other.Runs[0].Curve.Index().Where(each => each.Item.Losses.ContainsKey("forgotten")))
        {
            Has(
                Row(
                    $"{point.Step}", Mean(other, run => run.Curve[i].Losses["forget"]),
                    Mean(other, run => run.Curve[i].Losses["forgotten"])),
                html);
        }

        Has(FormattableString.Invariant($"bound, log C: {Math.Log(2):0.###}"), html);
        Has("Readout accuracy</b> in % of training rows", html);

        static string Mean(SearchTrial trial, Func<TrialRun, double> value) =>
            trial.Runs.Average(value).ToString("0.####", CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Each_setting_that_was_varied_has_a_chart_with_every_trial_in_it()
    {
        string html = search.Result.CreateReport().Html;
        foreach (string option in search.Result.BestOther!.Settings.Keys)
        {
            string title = $" by {option}</title>";
            string chart = Assert.Single(
                ChartPattern().Matches(html).Select(match => match.Value), chart => chart.Contains(title, StringComparison.Ordinal));
            int plain = option == "ForgetEvery" ? 1 : 0; // plain training is ForgetEvery = 0
            int legend = DescribedPattern().Match(chart).Groups[1].Value.Split(". ").Length;
            Assert.Equal(9 + plain + legend, MarkerPattern().Count(chart));
        }

        Has("ForgetLearningRate (multiple of the main rate, logarithmic)", html);
    }

    [Fact]
    public void Names_cannot_break_the_page_and_everything_is_in_it()
    {
        string html = search.Result.CreateReport("A <b>title</b> & more").Html;
        Has("<h1>A &lt;b&gt;title&lt;/b&gt; &amp; more</h1>", html);
        Has(WebUtility.HtmlEncode(ReportedModels.Hostile), html);
        HasNot("<script", html.ToLowerInvariant());
        HasNot("<b>land", html);
        HasNot("@import", html);
        Assert.All(AddressPattern().Matches(html), address => Assert.Equal("data:,", address.Groups[1].Value));
        string[] ids = [.. IdPattern().Matches(html).Select(id => id.Groups[1].Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(FigurePattern().Matches(html), figure => Assert.Matches(@"<figcaption[^>]*>\s*\S", figure.Value));
        Assert.All(
            ChartPattern().Matches(html),
            chart => Assert.Matches("role=\"img\".*<title[^>]*>[^<]+</title><desc[^>]*>[^<]+</desc>", chart.Value));
        Assert.Throws<ArgumentException>(() => search.Result.CreateReport(" "));
    }

    [Fact]
    public void Equal_results_give_equal_pages() =>
        Assert.Equal(search.Result.CreateReport().Html, search.Result.CreateReport().Html);

    [Fact]
    public void Settings_of_other_trainers_are_charted_by_their_names()
    {
        IReadOnlyList<SearchTrial> trials = new ArtificialSearch { Trials = 8 }.Result().Trials;
        SearchTrial[] distilled = [.. trials.Select((trial, i) => trial with
        {
            Settings = i == 0 ? new Dictionary<string, string> { ["Method"] = "\"Plain\"" } : new Dictionary<string, string>
            {
                ["Beta"] = FormattableString.Invariant($"{i * 0.5}"),
                ["Lambda"] = "0.5",
                ["Objective"] = i % 2 == 0 ? "\"One\"" : "\"Two\"",
            },
        })];
        string html = new ArtificialSearch().Result(distilled).CreateReport().Html;
        Has("mean of the groups&#39; accuracies by Beta</title>", html);
        Has("mean of the groups&#39; accuracies by Objective</title>", html);
        HasNot("by Lambda</title>", html); // the same in all that set it
        HasNot("by Method</title>", html);
        Has(Row("Method", "Plain", "–"), html);
    }

    [Fact]
    public void A_rate_is_charted_as_a_multiple_of_the_main_one_only_where_the_space_draws_it_so()
    {
        SearchTrial[] trials = [.. new ArtificialSearch { Trials = 8 }.Result().Trials.Select((trial, i) => trial with
        {
            Settings = new Dictionary<string, string> { ["HeadLearningRate"] = FormattableString.Invariant($"{0.05 * (i + 1.5)}") },
        })];
        string itself = new ArtificialSearch { Multiples = [] }.Result([.. trials]).CreateReport().Html;
        Has("by HeadLearningRate</title>", itself);
        HasNot("multiple of the main rate", itself);
        string multiple = new ArtificialSearch { Multiples = ["HeadLearningRate"] }.Result([.. trials]).CreateReport().Html;
        Has("HeadLearningRate (multiple of the main rate)", multiple);
    }

    [Fact]
    public void Extreme_results_have_a_page_that_says_what_they_are()
    {
        string diverged = new ArtificialSearch { Trials = 6, AllDiverge = true, AreGroupsKnown = false }.Result().CreateReport().Html;
        Has("No other trial gave a network; plain training is the choice.", diverged);
        Has("Why 6 runs diverged or failed", diverged);
        Has("The training diverged at step 12: main loss NaN.", diverged);
        Has("not known without GroupColumnName", diverged);
        HasNot("id=\"gain", diverged);

        string one = new ArtificialSearch { Trials = 1, Seeds = 1, ConfirmationSeeds = 0, Groups = 0 }.Result().CreateReport().Html;
        Has("no interval from one seed", one);
        Has("set ConfirmationSeeds", one);
        HasNot("id=\"groups", one);

        var equal = new ArtificialSearch { Trials = 1, ConfirmationSeeds = 0 };
        SearchTrial[] alike = [.. equal.Result().Trials.Select(trial => trial with
        {
            Runs = [.. trial.Runs.Select(run => run with { Score = trial.IsPlain ? 0.7 : 0.725 })],
        })];
        string agreeing = equal.Result(alike).CreateReport().Html;
        Has("+2.5</p>\n<p>points by the same seeds<br>no interval: all seeds give the same difference</p>", agreeing);
        Has("All seeds give the same difference, which does not tell how far other seeds would lie from it: nothing is shown; ", agreeing);

        string alone = new ArtificialSearch { Trials = 0 }.Result().CreateReport().Html;
        HasNot("id=\"settings", alone);

        string many = new ArtificialSearch { Trials = 200, Groups = 40 }.Result().CreateReport().Html;
        Has("All 201 trials, by number", many);
        Has("10 of 40 are drawn; the table has all.", many);
        Assert.True(many.Length < 1_000_000, $"The page has {many.Length} characters.");
    }

    private static void Has(string expected, string html) => Assert.Contains(expected, html, StringComparison.Ordinal);

    private static void HasNot(string unexpected, string html) => Assert.DoesNotContain(unexpected, html, StringComparison.Ordinal);

    private static string Row(params IReadOnlyList<string> cells) =>
        $"<tr><th scope=\"row\">{cells[0]}</th>{string.Concat(cells.Skip(1).Select(cell => $"<td>{cell}</td>"))}</tr>";

    private static string Percent(double share, string format = "F2") => (100 * share).ToString(format, CultureInfo.InvariantCulture);

    private static string Signed(double difference) => Percent(difference, "+0.0;−0.0;0.0");

    [GeneratedRegex("<figure[^>]*>.*?</figure>", RegexOptions.Singleline)]
    private static partial Regex FigurePattern();

    [GeneratedRegex("<svg viewBox=\"0 0 420.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex ChartPattern();

    [GeneratedRegex("<desc[^>]*>([^<]+)</desc>")]
    private static partial Regex DescribedPattern();

    [GeneratedRegex("class=\"marker ")]
    private static partial Regex MarkerPattern();

    [GeneratedRegex("(?:href|src)=\"([^\"]*)\"")]
    private static partial Regex AddressPattern();

    [GeneratedRegex("id=\"([^\"]*)\"")]
    private static partial Regex IdPattern();
}
