using System.Globalization;
using System.Xml.Linq;
using Studies;

namespace MLSieve.Tests;

/// <summary>The pictures that are made of a queue's runs.</summary>
public sealed class PicturesTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Effects_have_an_interval_a_method_on_one_scale_and_oracles_another_colour()
    {
        StudyComparison[] studies =
        [
            .. StudyComparison.All(
                [
                    .. Finals("one", "plain", 0.5, 0.6, 0.4),
                    .. Finals("one", "sieve", 0.61, 0.7, 0.49),
                    .. Finals("one", "group-dro", 0.7, 0.8, 0.61),
                ]),
            .. StudyComparison.All([.. Finals("two", "plain", 0.5, 0.6, 0.4), .. Finals("two", "sieve", 0.4, 0.5, 0.31)]),
        ];
        XElement picture = Parsed(EffectPicture.Of(studies)!);
        XElement[] charts = [.. picture.Elements(Svg + "svg")];
        Assert.Equal(2, charts.Length);
        Assert.Equal(["sieve", "group-dro"], Texts(charts[0]).Where(text => text is "sieve" or "group-dro"));
        Assert.Contains("+10.0", Texts(charts[0]));
        Assert.Equal(3, Lines(charts[0], "interval s0").Count());
        Assert.Equal(3, Lines(charts[0], "interval s1").Count());
        Assert.Equal(["no groups in training", "gets groups"], Texts(charts[0])[..2]);
        Assert.Equal("no groups in training", Texts(charts[1])[0]);
        Assert.DoesNotContain("gets groups", Texts(charts[1])); // nothing here does
        // Differences 0.11, 0.10, 0.09: 7.5 to 12.5 points; -9.7 of the other study lies left of zero, on the same scale.
        double zero = At(Assert.Single(Lines(charts[0], "base")), "x1");
        Assert.Equal(zero, At(Assert.Single(Lines(charts[1], "base")), "x1"));
        XElement up = Lines(charts[0], "interval s0").First(), down = Lines(charts[1], "interval s0").First();
        double unit = (At(up, "x2") - At(up, "x1")) / (12.484 - 7.516);
        Assert.Equal(zero + (7.516 * unit), At(up, "x1"), 0.2);
        Assert.True(At(down, "x2") < zero);
    }

    [Fact]
    public void Students_of_a_teacher_that_gets_groups_have_a_style_of_their_own()
    {
        string[] methods = ["student", "debiased", "debiased-erm", "kd", "simkd", "dett", "kd-erm", "jtt", "teacher-dro", "teacher-erm"];
        IReadOnlyList<StudyComparison> studies =
            StudyComparison.All(methods.SelectMany((method, i) => Finals("one", method, 0.5, 0.6, 0.4 + (0.01 * i))));
        XElement chart = Assert.Single(Parsed(EffectPicture.Of(studies)!).Elements(Svg + "svg"));
        Assert.Equal(["no groups in training", "gets groups", "taught by one that gets groups"], Texts(chart)[..3]);
        Assert.Equal(3 * 4, Lines(chart, "interval s0").Count()); // debiased-erm, kd-erm, jtt, teacher-erm
        Assert.Equal(3 * 1, Lines(chart, "interval s1").Count()); // teacher-dro
        Assert.Equal(3 * 4, Lines(chart, "interval s2").Count()); // debiased, kd, simkd, dett
    }

    [Fact]
    public void Without_a_method_to_compare_there_is_no_picture_of_effects() =>
        Assert.Null(EffectPicture.Of(StudyComparison.All(Finals("one", "plain", 0.5, 0.6))));

    [Fact]
    public void A_course_has_a_line_a_seed_their_mean_and_the_bound_of_forgetting()
    {
        StudyComparison study = Assert.Single(StudyComparison.All([.. Trained("plain", 1, 2), .. Trained("sieve", 1, 2)]));
        Assert.Equal(StudyMetrics.Conflicting, study.CourseFigure.Figure);
        XElement picture = Parsed(CoursePicture.Of(study)!);
        XElement[] charts = [.. picture.Elements(Svg + "svg")];
        Assert.Equal(3, charts.Length); // validation, forgetting, readout
        Assert.Equal(2, Polylines(charts[0], "trial of0", points: 4));
        Assert.Equal(2, Polylines(charts[0], "trial of1", points: 4));
        Assert.Equal(1, Polylines(charts[0], "series s0", points: 4));
        Assert.Contains("conflicting rows, validation rows (%)", Texts(charts[0]));
        Assert.Contains("bound, log 2", Texts(charts[1]));
        Assert.Single(Lines(charts[1], "level"));
        Assert.Equal(1, Polylines(charts[1], "series s3", points: 4)); // after the step
        Assert.Equal(1, Polylines(charts[1], "series s1", points: 3)); // before it, where both seeds told it
        Assert.Equal(0, Polylines(charts[2], "series s0", points: 4)); // plain training has no readout
        Assert.Equal(1, Polylines(charts[2], "series s1", points: 4));
    }

    [Fact]
    public void Older_lines_have_the_course_of_the_mean_of_groups_alone()
    {
        FinishedRun[] runs = [.. Finals("old", "plain", 0.5, 0.6), .. Finals("old", "sieve", 0.5, 0.6)];
        Assert.Null(CoursePicture.Of(Assert.Single(StudyComparison.All(runs))));
        StudyComparison study = Assert.Single(StudyComparison.All(runs.Select(run => run with { Curve = [0.2, 0.8, 0.5, 0.3, 0.5, 0.7] })));
        Assert.Equal(StudyMetrics.Unbiased, study.CourseFigure.Figure);
        Assert.Equal([200, 400, 600, 800, 1000, 1200], study.Methods[0].Runs[0].Course(StudyMetrics.Unbiased).Select(point => point.Step));
        Assert.Equal(0.8, study.CourseOf(study.Methods[0])!.Value.Kept, 1e-12);
        Assert.Equal(0.6, study.CourseOf(study.Methods[0])!.Value.LastThird, 1e-12);
        Assert.Single(Parsed(CoursePicture.Of(study)!).Elements(Svg + "svg"));
    }

    [Fact]
    public void The_network_that_was_kept_is_told_by_the_figure_that_counts_and_not_where_its_last_layer_is_another()
    {
        StudyComparison study = Assert.Single(StudyComparison.All([.. Trained("plain", 1, 2), .. Trained("afr", 1, 2)]));
        // Of ten conflicting rows 1, 1, 2 and then 6 are right; the last was kept, and the last two are the last third.
        (double kept, double lastThird) = study.CourseOf(study.Methods[0])!.Value;
        Assert.Equal(0.6, kept, 1e-12);
        Assert.Equal(0.4, lastThird, 1e-12);
        Assert.Null(study.CourseOf(study.Methods[1]));
    }

    private static XElement Parsed(string picture)
    {
        XElement root = XDocument.Parse(picture).Root!;
        Assert.Empty(root.Descendants(Svg + "script"));
        Assert.Contains("prefers-color-scheme: dark", root.Element(Svg + "style")!.Value);
        Assert.All(root.Elements(Svg + "svg"), chart => Assert.NotEmpty(chart.Element(Svg + "title")!.Value));
        return root;
    }

    private static string[] Texts(XElement chart) => [.. chart.Descendants(Svg + "text").Select(text => text.Value)];

    private static IEnumerable<XElement> Lines(XElement chart, string style) =>
        chart.Descendants(Svg + "line").Where(line => (string?)line.Attribute("class") == style);

    private static int Polylines(XElement chart, string style, int points) => chart.Elements(Svg + "polyline").Count(line =>
        (string?)line.Attribute("class") == style && ((string)line.Attribute("points")!).Split(' ').Length == points);

    private static double At(XElement line, string end) => double.Parse((string)line.Attribute(end)!, CultureInfo.InvariantCulture);

    private static IEnumerable<FinishedRun> Finals(string study, string method, params double[] figures) =>
        figures.Select((figure, index) => new FinishedRun
        {
            Study = study,
            Phase = RunPhase.Final,
            Method = method,
            Seed = index + 1,
            Settings = "",
            Steps = 1200,
            Primary = figure,
            Metrics = new Dictionary<string, double> { [StudyMetrics.Conflicting] = figure, [StudyMetrics.Unbiased] = 0.5 },
            Curve = [],
            Conditions = "epochs 6",
            Seconds = 1,
            Processor = "a machine",
            Commit = "abcdef0123",
            Time = new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc),
        });

    private static IEnumerable<FinishedRun> Trained(string method, params int[] seeds) =>
        Finals("new", method, [.. seeds.Select(seed => seed / 10.0)])
            .Select(run => run with
            {
                Points = new RunPoints
                {
                    Steps = [10, 20, 30, 40],
                    Selected = 40,
                    Rows = new Dictionary<string, long>
                    {
                        ["cat, agrees"] = 10,
                        ["cat, conflicts"] = 4,
                        ["dog, agrees"] = 20,
                        ["dog, conflicts"] = 6,
                    },
                    Right = [[10, 1, 15, 0], [10, 1, 15, 0], [10, 2, 15, 0], [9, 4, 19, 2]],
                    Losses = method != "sieve"
                        ? new Dictionary<string, IReadOnlyList<double?>> { ["main"] = [0.7, 0.5, 0.2, 0.1] }
                        : new Dictionary<string, IReadOnlyList<double?>>
                        {
                            ["main"] = [0.7, 0.5, 0.3, 0.2],
                            ["forget"] = run.Seed == 1 ? [null, 0.9, 0.8, 0.9] : [0.8, 0.9, 0.8, 0.9],
                            ["forgotten"] = [0.8, 0.75, 0.75, 0.7],
                            ["readout accuracy"] = [0.8, 0.7, 0.7, 0.6],
                        },
                },
            });
}
