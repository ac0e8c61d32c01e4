using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A shortcut that was planted is found without its groups: in a table, in its columns and words.</summary>
public sealed class FindShortcutsTests(FindShortcutsTests.Trained trained) : IClassFixture<FindShortcutsTests.Trained>
{
    private MLContext Ml => trained.Ml;

    [Fact]
    public void The_rows_that_the_cue_misleads_are_found_and_what_they_have_in_common_is_told()
    {
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(trained.Model, trained.Test);
        Assert.Equal("Readout1", found.ReadoutName);
        Assert.Equal(Trained.TestRows, found.RowCount);
        Assert.NotEmpty(found.Clusters);
        Assert.Equal(["no", "yes"], found.Clusters.Select(cluster => cluster.Label).Distinct().Order());
        foreach (ShortcutCluster cluster in found.Clusters)
        {
            Row[] inside = [.. cluster.Rows.Select(row => trained.Rows[row])];
            Assert.All(inside, row => Assert.Equal(cluster.Label, row.Class));
            Assert.Equal(cluster.Label == "yes" ? "no" : "yes", cluster.ReadAs);
            Assert.True(inside.Count(row => row.Place != row.Class) > 0.95 * inside.Length, found.ToString());
            HashSet<long> members = [.. cluster.Rows];
            Row[] outside = [.. trained.Rows.Where((row, i) => row.Class == cluster.Label && !members.Contains(i))];
            TellingValue place = cluster.TellingValues.Single(value => value.ColumnName == "Place");
            Assert.Equal(cluster.ReadAs, place.Value);
            Assert.Equal(inside.Average(row => row.Place == place.Value ? 1.0 : 0.0), place.Inside, 1e-12);
            Assert.Equal(outside.Average(row => row.Place == place.Value ? 1.0 : 0.0), place.Outside, 1e-12);
            Assert.Equal(Z(inside, outside, row => row.Place == place.Value ? 1 : 0), place.Deviation, 1e-9);
            TellingValue word = cluster.TellingValues.Single(value => value.ColumnName == "Note");
            Assert.Equal(cluster.ReadAs == "yes" ? "sea" : "land", word.Value);
            Assert.DoesNotContain(cluster.TellingValues, value => value.ColumnName is "Coin" or "Path");
            if (inside.Length < 40) continue; // of few rows means are less sure than shares
            TellingValue depth = cluster.TellingValues.Single(value => value.ColumnName == "Depth");
            Assert.Null(depth.Value);
            Assert.Equal(inside.Average(row => (double)row.Depth), depth.Inside, 1e-6);
            Assert.Equal(Z(inside, outside, row => row.Depth), depth.Deviation, 1e-6);
        }
    }

    [Fact]
    public void Errors_are_counted_as_they_are_and_the_cluster_with_most_of_them_is_first()
    {
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(
            trained.Model, trained.Test, new ShortcutOptions { MinMargin = 0.3, MinClusterRows = 3, Clusters = 3 });
        IDataView scored = trained.Model.Transform(trained.Test);
        uint[] labels = [.. scored.GetColumn<uint>("Label")], predicted = [.. scored.GetColumn<uint>("PredictedLabel")],
            read = [.. scored.GetColumn<uint>("Readout1.PredictedLabel")];
        float[] margins = [.. scored.GetColumn<float>("Readout1.Margin")];
        int[] suspects = [.. Enumerable.Range(0, labels.Length).Where(row => read[row] != labels[row] && margins[row] >= 0.3f)];
        int errors = labels.Zip(predicted).Count(row => row.First != row.Second);
        Assert.Equal(suspects.Length, found.SuspectCount);
        Assert.Equal(errors, found.ErrorCount);
        Assert.True(found.Clusters.Count > 2, found.ToString());
        long[] clustered = [.. found.Clusters.SelectMany(cluster => cluster.Rows)];
        Assert.Equal(clustered.Distinct().Count(), clustered.Length);
        Assert.Subset(suspects.Select(row => (long)row).ToHashSet(), clustered.ToHashSet());
        Assert.Equal(suspects.Length - clustered.Length, found.UnclusteredCount);
        foreach (ShortcutCluster cluster in found.Clusters)
        {
            long wrong = cluster.Rows.LongCount(row => labels[row] != predicted[row]);
            Assert.Equal(wrong, cluster.ErrorCount);
            Assert.Equal((double)wrong / errors, cluster.ErrorShare, 1e-12);
            Assert.Equal(1 - (double)wrong / cluster.Rows.Count, cluster.Accuracy, 1e-12);
            Assert.InRange(cluster.Accuracy, cluster.AccuracyInterval.Low, cluster.AccuracyInterval.High);
            Assert.Equal(cluster.Rows.Average(row => (double)margins[row]), cluster.MeanMargin, 1e-6);
            int[] others = [.. Enumerable.Range(0, labels.Length)
                .Where(row => labels[row] == labels[cluster.Rows[0]] && !cluster.Rows.Contains(row))];
            Assert.Equal(others.Average(row => labels[row] == predicted[row] ? 1.0 : 0.0), cluster.AccuracyElsewhere!.Value, 1e-12);
        }

        Assert.Equal(
            found.Clusters.Select(cluster => cluster.ErrorCount).OrderDescending(), found.Clusters.Select(cluster => cluster.ErrorCount));
    }

    [Fact]
    public void Equal_seeds_give_equal_findings_and_so_does_the_model_from_its_file()
    {
        string zip = Path.Combine(trained.Folder, "model.zip");
        Ml.Model.Save(trained.Model, trained.Test.Schema, zip);
        using var whole = (IDisposable)EarlyReadoutTransformer.RestoreIn(zip, Ml);
        string found = Ml.MulticlassClassification.FindShortcuts(trained.Model, trained.Test).ToJson();
        Assert.Equal(found, Ml.MulticlassClassification.FindShortcuts(trained.Model, trained.Test).ToJson());
        Assert.Equal(found, Ml.MulticlassClassification.FindShortcuts((ITransformer)whole, trained.Test).ToJson());
        Assert.Contains("\"readAs\": \"", found, StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_rows_are_kept_than_allowed_and_those_are_the_most_confident()
    {
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(
            trained.Model, trained.Test, new ShortcutOptions { MinMargin = 0, MaxRows = 40, MinClusterRows = 1 });
        IDataView scored = trained.Model.Transform(trained.Test);
        uint[] labels = [.. scored.GetColumn<uint>("Label")], read = [.. scored.GetColumn<uint>("Readout1.PredictedLabel")];
        float[] margins = [.. scored.GetColumn<float>("Readout1.Margin")];
        long[] expected = [.. Enumerable.Range(0, labels.Length).Where(row => read[row] != labels[row])
            .OrderByDescending(row => margins[row]).ThenBy(row => row).Take(40).Select(row => (long)row).Order()];
        Assert.Equal(expected, found.Clusters.SelectMany(cluster => cluster.Rows).Order());
        Assert.Equal(found.SuspectCount - 40, found.UnclusteredCount);
    }

    [Fact]
    public void Clusters_part_what_looks_different_and_begin_with_what_is_nearest_to_the_centre()
    {
        var random = new Random(5);
        float[][] embeddings =
            [.. Enumerable.Range(0, 60).Select(i => Direction(i % 3 == 0 ? 0.2 : 1.3, 0.2, 1 + random.NextSingle() * 9))];
        int[][] clusters = [.. new EmbeddingClusters(seed: 3).Of(embeddings, 2)];
        Assert.Equal(2, clusters.Length);
        Assert.Equal([20, 40], clusters.Select(cluster => cluster.Length).Order());
        foreach (int[] cluster in clusters)
        {
            Assert.Single(cluster.Select(row => row % 3 == 0).Distinct());
            float[][] unit = [.. cluster.Select(row => Unit(embeddings[row]))];
            float[] centre = [unit.Average(each => each[0]), unit.Average(each => each[1])];
            double[] distances =
                [.. unit.Select(each => Math.Pow(each[0] - centre[0], 2) + Math.Pow(each[1] - centre[1], 2))];
            Assert.All(distances.Zip(distances.Skip(1)), pair => Assert.True(pair.First <= pair.Second + 1e-5));
        }

        float[] Direction(double angle, double spread, float length)
        {
            double at = angle + (random.NextDouble() - 0.5) * spread;
            return [(float)(length * Math.Cos(at)), (float)(length * Math.Sin(at))];
        }

        static float[] Unit(float[] vector)
        {
            float length = MathF.Sqrt(vector.Sum(x => x * x));
            return [.. vector.Select(x => x / length)];
        }
    }

    [Theory]
    [InlineData(1)] // all alike: tables have such rows
    [InlineData(2)]
    public void Rows_that_differ_less_than_clusters_are_asked_for_are_clustered_all_the_same(int different)
    {
        float[][] embeddings = [.. Enumerable.Range(0, 30).Select(i => i % different == 0 ? new float[] { 0, 0 } : [1, 2])];
        IReadOnlyList<int[]> clusters = new EmbeddingClusters(seed: 3).Of(embeddings, 4);
        Assert.Equal(different, clusters.Count);
        Assert.Equal(Enumerable.Range(0, 30), clusters.SelectMany(cluster => cluster).Order());
        Assert.All(clusters, cluster => Assert.Single(cluster.Select(row => embeddings[row][0]).Distinct()));
    }

    [Fact]
    public void Named_columns_alone_describe_and_vectors_are_told_slot_by_slot()
    {
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(
            trained.Model, trained.Test, new ShortcutOptions { ColumnNames = ["Features"], TellingValues = 3 });
        Assert.All(found.Clusters, cluster =>
            Assert.Contains(cluster.TellingValues, value => value.ColumnName == "Features.Cue" && value.Value is null));
    }

    [Fact]
    public void The_table_and_the_report_show_the_clusters()
    {
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(trained.Model, trained.Test);
        Assert.Contains("Place = ", found.ToString(), StringComparison.Ordinal);
        Assert.All(found.ToString().Split('\n'), line => Assert.True(line.Length <= 120, line));
        string html = Ml.MulticlassClassification.CreateReport(
            trained.Test, [new("plain", trained.Model) { Shortcuts = found }], new() { GroupColumnName = "Place", Pictures = 3 }).Html;
        Assert.Contains("Where a shortcut may mislead", html, StringComparison.Ordinal);
        ShortcutCluster first = found.Clusters[0];
        Assert.Contains($"Cluster 1: {first.Label}, read as {first.ReadAs}", html, StringComparison.Ordinal);
        Assert.All(first.Rows.Take(3), row =>
            Assert.Contains($"<span class=\"row\">row {row}</span>", html, StringComparison.Ordinal));
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"<td>{100 * first.ErrorShare:F1}</td>"), html, StringComparison.Ordinal);
        IDataView others = Ml.Data.LoadFromEnumerable(trained.Rows.Skip(1));
        Assert.Contains(
            "other rows than the report's",
            Assert.Throws<InvalidOperationException>(() => Ml.MulticlassClassification.CreateReport(
                others, [new("plain", trained.Model) { Shortcuts = found }])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_searched_is_named()
    {
        MulticlassClassificationCatalog catalog = Ml.MulticlassClassification;
        Refused<ArgumentOutOfRangeException>(() => catalog.FindShortcuts(trained.Model, trained.Test, "Truth"), "'Truth'");
        Refused<ArgumentException>(
            () => catalog.FindShortcuts(trained.Model, trained.Test, readoutName: "Readout7"), "no readout 'Readout7'; it has Readout1");
        Refused<ArgumentOutOfRangeException>(
            () => catalog.FindShortcuts(trained.Model, trained.Test, new() { ColumnNames = ["Where"] }), "'Where'");
        Refused<ArgumentOutOfRangeException>(
            () => catalog.FindShortcuts(trained.Model, trained.Test, new() { ColumnNames = ["Vector"] }), "'Vector'", "slot names");
        ITransformer overwritten = new TransformerChain<ITransformer>(
            trained.Model, Ml.Transforms.CopyColumns("Readout1.Margin", "Place").Fit(trained.Model.Transform(trained.Test)));
        Refused<ArgumentOutOfRangeException>(
            () => catalog.FindShortcuts(overwritten, trained.Test),
            "The readout's margin column 'Readout1.Margin' is of type String; expected Single.");
        Refused<ArgumentException>(
            () => catalog.FindShortcuts(
                trained.Model, trained.Test,
                new() { MinMargin = 2, MaxRows = 0, Clusters = 0, MinClusterRows = 0, TellingValues = -1 }),
            "MinMargin", "MaxRows", "Clusters", "MinClusterRows", "TellingValues");
        Refused<ArgumentException>(
            () => catalog.FindShortcuts(Ml.Transforms.CopyColumns("Again", "Class").Fit(trained.Test), trained.Test), "RestoreIn");
        using EarlyReadoutTransformer without = trained.Fit([]);
        Refused<ArgumentException>(() => catalog.FindShortcuts(trained.With(without), trained.Test), "TrainedPart.None");
        Refused<InvalidOperationException>(
            () => catalog.FindShortcuts(trained.Model, Ml.Data.LoadFromEnumerable<Row>([])), "No row has a label");

        static void Refused<T>(Action find, params string[] says)
            where T : Exception
        {
            string message = Assert.ThrowsAny<T>(find).Message;
            Assert.All(says, word => Assert.Contains(word, message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_search_that_is_cancelled_stops_in_its_first_pass()
    {
        using var stop = new CancellationTokenSource();
        int read = 0;
        IEnumerable<Row> rows = trained.Rows.Select(row =>
        {
            if (++read == 300) stop.Cancel();
            return row;
        });
        Assert.Throws<OperationCanceledException>(() => Ml.MulticlassClassification.FindShortcuts(
            trained.Model, Ml.Data.LoadFromEnumerable(rows), new() { CancellationToken = stop.Token }));
        Assert.InRange(read, 300, Trained.TestRows); // in the first pass, whatever was read ahead
    }

    [Fact]
    public void Rows_without_errors_of_the_readout_give_no_clusters()
    {
        IDataView agreeing = Ml.Data.LoadFromEnumerable(Trained.Draw(100, 1, seed: 4));
        ShortcutFindings found = Ml.MulticlassClassification.FindShortcuts(trained.Model, agreeing, new() { MinMargin = 0.9 });
        Assert.Empty(found.Clusters);
        Assert.DoesNotContain("#", found.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "Where a shortcut may mislead",
            Ml.MulticlassClassification.CreateReport(agreeing, [new("plain", trained.Model) { Shortcuts = found }]).Html,
            StringComparison.Ordinal);
    }

    private static double Z(Row[] inside, Row[] outside, Func<Row, double> value)
    {
        double[] all = [.. inside.Concat(outside).Select(value)];
        double mean = all.Average(), variance = all.Average(x => (x - mean) * (x - mean));
        return (inside.Average(value) - outside.Average(value)) / Math.Sqrt(variance * (1.0 / inside.Length + 1.0 / outside.Length));
    }

    public sealed class Row
    {
        public float Core { get; set; }

        public float Cue { get; set; }

        public string Class { get; set; } = "";

        public string Place { get; set; } = "";

        public string Note { get; set; } = "";

        public string Path { get; set; } = "";

        public float Depth { get; set; }

        public bool Coin { get; set; }

        [VectorType(2)]
        public float[] Vector { get; set; } = [0, 0];
    }

    /// <summary>A pipeline that was trained where a cue goes with the class, and rows in which it does not.</summary>
    public sealed class Trained : IDisposable
    {
        public const int TestRows = 600;

        private readonly IDataView _train;
        private readonly ITransformer _features;

        public Trained()
        {
            _train = Ml.Data.LoadFromEnumerable(Draw(800, 0.95, seed: 1));
            _features = Ml.Transforms.Conversion.MapValueToKey("Label", "Class")
                .Append(Ml.Transforms.Concatenate("Features", "Core", "Cue")).Fit(_train);
            Classifier = Fit([new() { Stage = 1 }]);
            Model = With(Classifier);
        }

        public MLContext Ml { get; } = new(seed: 1);

        public string Folder { get; } = Directory.CreateTempSubdirectory("shortcuts").FullName;

        public Row[] Rows { get; } = Draw(TestRows, 0.5, seed: 2);

        public IDataView Test => Ml.Data.LoadFromEnumerable(Rows);

        public EarlyReadoutTransformer Classifier { get; }

        public ITransformer Model { get; }

        public ITransformer With(EarlyReadoutTransformer classifier) => new TransformerChain<ITransformer>(_features, classifier);

        public EarlyReadoutTransformer Fit(EarlyReadoutEstimator.Tap[] taps) => Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { Kind = NetworkKind.Mlp, HiddenUnits = [16, 16] },
            Taps = taps,
            Epochs = 12,
            Optimizer = { LearningRate = 0.05 },
            Seed = 3,
        }).Fit(_features.Transform(_train));

        /// <summary>The place, of which the cue tells, is called after the class that it goes with.</summary>
        public static Row[] Draw(int count, double agreement, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(i =>
            {
                bool yes = i % 2 == 0, sea = random.NextDouble() < agreement == yes;
                return new Row
                {
                    Class = yes ? "yes" : "no",
                    Place = sea ? "yes" : "no",
                    Core = (yes ? 1 : -1) + 3 * (random.NextSingle() - 0.5f) * 2,
                    Cue = (sea ? 1 : -1) + 0.2f * random.NextSingle(),
                    Depth = (sea ? 10 : 0) + 8 * random.NextSingle(),
                    Note = $"It was seen {(random.Next(2) == 0 ? "today" : "before")}, near the {(sea ? "sea" : "land")}!",
                    Path = $"{seed}/{i}.png",
                    Coin = random.Next(2) == 0,
                };
            })];
        }

        public void Dispose()
        {
            Classifier.Dispose();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
