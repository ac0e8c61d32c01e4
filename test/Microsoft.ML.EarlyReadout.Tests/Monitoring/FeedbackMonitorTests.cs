using System.Diagnostics.Metrics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A model that was trained on rows whose cue agrees, and the rows that come in while it serves.</summary>
public sealed class FeedbackMonitorTests(FeedbackMonitorTests.Served served) : IClassFixture<FeedbackMonitorTests.Served>
{
    [Fact]
    public void The_groups_are_those_of_the_newest_rows()
    {
        BiasedRow[] rows = BiasedRow.Draw(700, seed: 5);
        using FeedbackMonitor monitor = served.Monitor(windowSize: 300);
        Assert.Null(monitor.Report);
        foreach (BiasedRow[] batch in rows.Chunk(90)) Assert.Equal(batch.Length, monitor.Add(served.Score(batch)));
        FeedbackReport report = monitor.Report!;
        Assert.Equal(700, report.RowCount);
        Assert.Equal(served.Evaluate(rows[^300..]).ToJson(), report.Groups.ToJson());
        Assert.Same(report, monitor.Report);
        monitor.Add(served.Score(rows[..1]));
        Assert.Equal(701, monitor.Report!.RowCount);
    }

    [Fact]
    public void Rows_without_a_label_or_a_group_are_left_out()
    {
        BiasedRow[] rows = BiasedRow.Draw(20, seed: 6);
        (rows[3].Cue, rows[7].Class) = ("", "");
        using FeedbackMonitor monitor = served.Monitor();
        Assert.Equal(18, monitor.Add(served.Score(rows)));
        Assert.Equal(18, monitor.Report!.Groups.RowCount);
    }

    [Fact]
    public void Rows_like_those_of_training_do_not_alarm_and_rows_that_conflict_do()
    {
        GroupMetrics baseline = served.Evaluate(BiasedRow.Draw(3_000, seed: 7));
        using FeedbackMonitor monitor = served.Monitor(windowSize: 400, baseline: baseline, confidence: 0.99);
        monitor.Add(served.Score(BiasedRow.Draw(400, seed: 8)));
        FeedbackReport before = monitor.Report!;
        Assert.All(before.Readouts, readout => Assert.False(readout.HasDrifted, readout.ToString()));
        Assert.False(before.WorstGroupHasFallen);

        monitor.Add(served.Score([.. BiasedRow.Draw(20_000, seed: 9).Where(row => row.Cue == "conflicts").Take(400)]));
        FeedbackReport after = monitor.Report!;
        Assert.All(after.Readouts, readout => Assert.True(readout.HasDrifted, readout.ToString()));
        Assert.All(before.Readouts.Zip(after.Readouts), pair => Assert.True(pair.Second.Signal > 2 * pair.First.Signal, $"{pair}"));
        Assert.All(after.Readouts, readout => Assert.True(readout.Signal > 2 * readout.TrainingSignal));
        Assert.Contains("DRIFT", after.ToString(), StringComparison.Ordinal);
        Assert.Contains("no drift", before.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worst_group_that_falls_beyond_chance_is_told()
    {
        GroupMetrics perfect = served.Evaluate(served.Right(BiasedRow.Draw(3_000, seed: 10)));
        using FeedbackMonitor monitor = served.Monitor(baseline: perfect);
        monitor.Add(served.Score(served.Right(BiasedRow.Draw(800, seed: 11))));
        Assert.False(monitor.Report!.WorstGroupHasFallen);
        Assert.Contains("has not fallen", monitor.Report.ToString(), StringComparison.Ordinal);
        BiasedRow[] wrong = BiasedRow.Draw(800, seed: 12);
        foreach (BiasedRow row in wrong) row.Class = row.Class == "quarter 0" ? "quarter 1" : "quarter 0";
        monitor.Add(served.Score(wrong));
        Assert.True(monitor.Report!.WorstGroupHasFallen);
        Assert.Contains("has FALLEN", monitor.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_profile_of_the_training_is_that_of_the_validation_rows_and_is_saved_with_the_model()
    {
        ReadoutProfile profile = served.Ml.MulticlassClassification.ProfileReadouts(
            served.Model.Transform(served.Validation), served.Model.ReadoutNames);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(served.Zip);
        Assert.Equal(["Readout1", "Readout2"], loaded.TrainingMargins.Select(readout => readout.Name));
        foreach ((ReadoutMargins kept, ReadoutResult expected) in loaded.TrainingMargins.Zip(profile.Readouts))
        {
            Assert.Equal(expected.RightMargins.Count, kept.Right.Count);
            Assert.Equal(expected.WrongMargins.Count, kept.Wrong.Count);
            Assert.True(kept.Wrong.Count > 0);
            Assert.Equal(expected.RightMargins.Mean!.Value, kept.Right.Mean!.Value, 1e-4);
            Assert.Equal(expected.WrongMargins.Mean!.Value, kept.Wrong.Mean!.Value, 1e-4);
            Assert.True(expected.RightMargins.Histogram.Zip(kept.Right.Histogram, (a, b) => Math.Abs(a - b)).Sum() <= 4); // at edges
        }

        using FeedbackMonitor fitted = served.Monitor(), restored = served.Ml.MulticlassClassification.MonitorFeedback(loaded, "Cue");
        IDataView rows = served.Score(BiasedRow.Draw(200, seed: 13));
        fitted.Add(rows);
        restored.Add(rows);
        Assert.Equal(fitted.Report!.ToString(), restored.Report!.ToString());
    }

    [Fact]
    public void Rows_that_the_saved_zip_scored_give_the_same_report()
    {
        ITransformer stock = served.Ml.Model.Load(served.Zip, out _);
        try
        {
            BiasedRow[] rows = BiasedRow.Draw(150, seed: 14);
            using FeedbackMonitor one = served.Monitor(), other = served.Monitor();
            one.Add(served.Score(rows));
            other.Add(stock.Transform(BiasedRow.View(served.Ml, rows)));
            Assert.Equal(one.Report!.Groups.ToString(), other.Report!.Groups.ToString());
            Assert.All(one.Report.Readouts.Zip(other.Report.Readouts), pair => Assert.Equal(pair.First.Signal, pair.Second.Signal, 1e-5));
        }
        finally
        {
            (stock as IDisposable)?.Dispose();
        }
    }

    [Fact]
    public void Instruments_tell_the_figures_of_the_report()
    {
        using FeedbackMonitor monitor = served.Monitor(name: "birds"), silent = served.Monitor(name: "silent");
        Dictionary<(string, string), double> told = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == FeedbackMonitor.MeterName) listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal([("mlsieve.feedback.rows", "")], told.Keys); // nothing is known before the first row

        monitor.Add(served.Score(BiasedRow.Draw(250, seed: 15)));
        told.Clear();
        listener.RecordObservableInstruments();
        FeedbackReport report = monitor.Report!;
        Dictionary<(string, string), double> expected = new()
        {
            [("mlsieve.feedback.rows", "")] = 250,
            [("mlsieve.feedback.worst_group.accuracy", "")] = report.Groups.WorstGroupAccuracy,
            [("mlsieve.feedback.worst_group.accuracy.low", "")] = report.Groups.WorstGroupAccuracyInterval.Low,
            [("mlsieve.feedback.worst_group.accuracy.high", "")] = report.Groups.WorstGroupAccuracyInterval.High,
        };
        foreach (GroupResult group in report.Groups.Groups) expected[("mlsieve.feedback.accuracy", group.Name)] = group.Accuracy;
        foreach (ReadoutDrift readout in report.Readouts)
        {
            expected[("mlsieve.feedback.readout.distance", readout.Name)] = readout.Distance;
            expected[("mlsieve.feedback.readout.critical_distance", readout.Name)] = readout.CriticalDistance;
            expected[("mlsieve.feedback.readout.signal", readout.Name)] = readout.Signal;
        }

        Assert.Equal(expected.OrderBy(each => each.Key), told.OrderBy(each => each.Key));
        monitor.Dispose();
        told.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(told);

        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Dictionary<string, object?> named = tags.ToArray().ToDictionary();
            if (!Equals(named["model"], "birds")) return;
            string of = (string?)named.GetValueOrDefault("group") ?? (string?)named.GetValueOrDefault("readout") ?? "";
            told.Add((instrument.Name, of), value);
        }
    }

    [Fact]
    public async Task Many_threads_may_add_and_read()
    {
        using FeedbackMonitor monitor = served.Monitor(windowSize: 200);
        BiasedRow[] rows = BiasedRow.Draw(40, seed: 16);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; i < 15; i++)
                {
                    monitor.Add(served.Score(rows));
                    FeedbackReport report = monitor.Report!;
                    Assert.Equal(Math.Min(200, report.RowCount), report.Groups.RowCount);
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.Equal(4 * 15 * 40, monitor.Report!.RowCount);
        Assert.Equal(200, monitor.Report.Groups.RowCount);
    }

    [Fact]
    public void A_model_without_readouts_has_groups_alone()
    {
        using EarlyReadoutTransformer plain = served.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { HiddenUnits = [4] },
            Epochs = 1,
            Taps = [],
        }).Fit(served.Validation);
        using FeedbackMonitor monitor = served.Ml.MulticlassClassification.MonitorFeedback(plain, "Cue");
        monitor.Add(plain.Transform(served.Validation));
        Assert.Empty(monitor.Report!.Readouts);
        Assert.Null(monitor.Report.WorstGroupHasFallen);
        Assert.Equal(monitor.Report.Groups.ToString(), monitor.Report.ToString());
    }

    [Fact]
    public void Rows_whose_features_are_no_numbers_count_as_wrong_and_in_no_signal()
    {
        ScoredRow none = new() { Label = "quarter 2", Score = [float.NaN, float.NaN, float.NaN, float.NaN] };
        none.FirstMargin = none.SecondMargin = float.NaN;
        ScoredRow right = ScoredRow.Read("quarter 0", 0.5f), wrong = ScoredRow.Read("quarter 1", 0.75f);
        using FeedbackMonitor monitor = served.Monitor(), blind = served.Monitor();
        Assert.Equal(3, monitor.Add(ScoredRow.View(served.Ml, right, none, wrong)));
        FeedbackReport report = monitor.Report!;
        Assert.Equal((3, 1, 1), (report.Groups.RowCount, report.Groups.InvalidScores, report.Groups.MissingPredictions));
        Assert.Equal(1 / 3.0, report.Groups.AverageAccuracy, 1e-12);
        Assert.Equal([0.375, 0.375], report.Readouts.Select(readout => readout.Signal));

        blind.Add(ScoredRow.View(served.Ml, none));
        Assert.All(
            blind.Report!.Readouts,
            readout => Assert.Equal((0, 1, 0), (readout.Distance, readout.CriticalDistance, readout.Signal)));
    }

    [Fact]
    public void Rows_that_a_model_of_other_classes_has_scored_are_refused()
    {
        using FeedbackMonitor monitor = served.Monitor();
        AssertRefusedOf(BiasedRow.View(served.Ml, 60, label: nameof(BiasedRow.Number)), "4 classes, '0', '10', '20', '30'");
        AssertRefusedOf(
            BiasedRow.View(served.Ml, BiasedRow.Draw(90).Where(row => row.Number > 0)),
            "3 classes, 'quarter 1', 'quarter 2', 'quarter 3'");
        SchemaDefinition unnamed = SchemaDefinition.Create(typeof(ScoredRow));
        unnamed[nameof(ScoredRow.Score)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3);
        AssertRefused(
            served.Ml.Data.LoadFromEnumerable([new ScoredRow { Label = "quarter 0", Score = [0.2f, 0.3f, 0.5f] }], unnamed), "3 classes");
        Assert.Null(monitor.Report);

        void AssertRefusedOf(IDataView rows, string classes)
        {
            using EarlyReadoutTransformer other = served.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                Network = { HiddenUnits = [4] },
                Epochs = 1,
                Taps = [],
            }).Fit(rows);
            AssertRefused(other.Transform(rows), classes);
        }

        void AssertRefused(IDataView scored, string classes) => Assert.Equal(
            $"The score column 'Score' is of {classes}; the monitored model has 4 classes, 'quarter 0', 'quarter 1', 'quarter 2', "
                + "'quarter 3'. Give rows that this model has scored.",
            Assert.Throws<ArgumentOutOfRangeException>(() => monitor.Add(scored)).Message);
    }

    [Fact]
    public void Arguments_and_columns_that_cannot_be_are_told()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => served.Ml.MulticlassClassification.MonitorFeedback(
            served.Model, "Label", windowSize: 0, confidence: 1));
        Assert.Contains("windowSize is 0; it must be at least 1.", fault.Message, StringComparison.Ordinal);
        Assert.Contains("confidence is 1; it must be above 0 and below 1.", fault.Message, StringComparison.Ordinal);
        Assert.Contains("groupColumnName is 'Label', the label", fault.Message, StringComparison.Ordinal);

        using FeedbackMonitor monitor = served.Ml.MulticlassClassification.MonitorFeedback(served.Model, "Place");
        IDataView scored = served.Score(BiasedRow.Draw(5));
        Assert.Contains("Place", Assert.Throws<ArgumentOutOfRangeException>(() => monitor.Add(scored)).Message, StringComparison.Ordinal);
        using FeedbackMonitor other = served.Monitor();
        IDataView raw = BiasedRow.View(served.Ml, BiasedRow.Draw(5));
        Assert.Contains("Score", Assert.Throws<ArgumentOutOfRangeException>(() => other.Add(raw)).Message, StringComparison.Ordinal);
        Assert.Null(other.Report);
    }

    /// <summary>A row that was scored; its readouts say what the network says.</summary>
    private sealed class ScoredRow
    {
        public string Label { get; set; } = "";

        public string Cue { get; set; } = "agrees";

        public string PredictedLabel { get; set; } = "";

        [VectorType(4)]
        public float[] Score { get; set; } = [];

        [ColumnName("Readout1.PredictedLabel")]
        public string First { get; set; } = "";

        [ColumnName("Readout1.Margin")]
        public float FirstMargin { get; set; }

        [ColumnName("Readout2.PredictedLabel")]
        public string Second { get; set; } = "";

        [ColumnName("Readout2.Margin")]
        public float SecondMargin { get; set; }

        /// <summary>A row that is read as the first class.</summary>
        public static ScoredRow Read(string label, float margin) => new()
        {
            Label = label,
            PredictedLabel = "quarter 0",
            Score = [0.7f, 0.1f, 0.1f, 0.1f],
            First = "quarter 0",
            FirstMargin = margin,
            Second = "quarter 0",
            SecondMargin = margin,
        };

        public static IDataView View(MLContext ml, params ScoredRow[] rows)
        {
            SchemaDefinition schema = SchemaDefinition.Create(typeof(ScoredRow));
            schema[nameof(Score)].AddAnnotation(
                "SlotNames", new VBuffer<ReadOnlyMemory<char>>(4, [.. Enumerable.Range(0, 4).Select(c => $"quarter {c}".AsMemory())]),
                new VectorDataViewType(TextDataViewType.Instance, 4));
            return ml.Data.LoadFromEnumerable(rows, schema);
        }
    }

    /// <summary>A model with readouts on two stages, fitted once.</summary>
    public sealed class Served : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-monitor-").FullName;

        public Served()
        {
            Validation = BiasedRow.View(Ml, 600, seed: 2);
            Model = Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                Network = { HiddenUnits = [16, 16] },
                Taps = [new() { Stage = 1 }, new() { Stage = 2 }],
                Epochs = 12,
                ValidationSet = Validation,
            }).Fit(BiasedRow.View(Ml, 1_200, seed: 3));
            Ml.Model.Save(Model, Validation.Schema, Zip);
        }

        public MLContext Ml { get; } = new(seed: 1);

        public IDataView Validation { get; }

        public EarlyReadoutTransformer Model { get; }

        public string Zip => Path.Combine(_folder, "model.zip");

        public FeedbackMonitor Monitor(
            int windowSize = 1_000, GroupMetrics? baseline = null, double confidence = 0.95, string name = "default") =>
            Ml.MulticlassClassification.MonitorFeedback(
                Model, "Cue", windowSize: windowSize, baseline: baseline, confidence: confidence, name: name);

        internal IDataView Score(BiasedRow[] rows) => Model.Transform(BiasedRow.View(Ml, rows));

        internal GroupMetrics Evaluate(BiasedRow[] rows) => Ml.MulticlassClassification.EvaluateByGroup(Score(rows), "Cue");

        /// <summary>The rows that the model gets right.</summary>
        internal BiasedRow[] Right(BiasedRow[] rows)
        {
            IDataView named = Ml.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(Score(rows)).Transform(Score(rows));
            return [.. rows.Zip(named.GetColumn<string>("PredictedLabel")).Where(pair => pair.First.Class == pair.Second)
                .Select(pair => pair.First)];
        }

        public void Dispose()
        {
            Model.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
