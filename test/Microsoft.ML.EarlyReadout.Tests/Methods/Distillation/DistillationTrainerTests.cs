using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class DistillationTrainerTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_student_learns_from_a_score_column_and_needs_none_to_score()
    {
        using var leaks = NativeLeakCheck.Start();
        using EarlyReadoutTransformer student = Trainer(Options(epochs: 10)).Fit(BiasedRow.View(_ml));
        IDataView test = _ml.Transforms.DropColumns("TeacherScore")
            .Fit(BiasedRow.View(_ml, seed: 2))
            .Transform(BiasedRow.View(_ml, seed: 2));
        Assert.InRange(_ml.MulticlassClassification.Evaluate(student.Transform(test)).MicroAccuracy, 0.9, 1);
    }

    [Fact]
    public void A_fitted_model_teaches_and_so_does_its_onnx_file()
    {
        IDataView train = BiasedRow.View(_ml);
        using EarlyReadoutTransformer teacher = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { Epochs = 3, Optimizer = { LearningRate = 0.1 } }).Fit(train);
        string path = Path.Combine(Directory.CreateTempSubdirectory("teacher").FullName, "teacher.onnx");
        teacher.SaveAsOnnx(path);
        IDataView untaught = _ml.Transforms.DropColumns("TeacherScore").Fit(train).Transform(train);
        DebiasedDistillationTrainer.Options byModel = Options(), byFile = Options();
        byModel.Teacher.Model = teacher;
        byFile.Teacher.OnnxPath = path;
        float[] fromModel = Scores(Trainer(byModel).Fit(untaught), untaught), fromFile = Scores(Trainer(byFile).Fit(untaught), untaught);
        Assert.All(fromModel.Zip(fromFile), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void Weights_are_made_anew_every_so_many_epochs_from_the_first_that_is_weighted()
    {
        var log = Log(out MLContext ml);
        DebiasedDistillationTrainer.Options options = Options(epochs: 4);
        options.ReadoutEvery = 2;
        using EarlyReadoutTransformer student = ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(BiasedRow.View(ml));
        string[] readings = [.. log.Where(line => line.Contains("The readout at stage 1 gets", StringComparison.Ordinal))];
        Assert.Equal(2, readings.Length); // before epochs 2 and 4
        Assert.All(readings, line => Assert.Contains("weights from 1 to", line, StringComparison.Ordinal));
        Assert.Contains(
            log,
            line => line.Contains("Epoch 1/4", StringComparison.Ordinal) && line.EndsWith("mean weight 1.0000", StringComparison.Ordinal));
        Assert.DoesNotContain(
            log,
            line => line.Contains("Epoch 2/4", StringComparison.Ordinal) && line.EndsWith("mean weight 1.0000", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_is_weighted_it_is_plain_distillation_to_the_bit()
    {
        IDataView train = BiasedRow.View(_ml);
        DebiasedDistillationTrainer.Options plain = Options(), flat = Options();
        plain.Method = DistillationMethod.Plain;
        flat.Beta = 0; // all weights are exp(0) = 1, though readouts are trained between the epochs
        Assert.Equal(Scores(Trainer(plain).Fit(train), train), Scores(Trainer(flat).Fit(train), train));
        Assert.NotEqual(Scores(Trainer(plain).Fit(train), train), Scores(Trainer(Options()).Fit(train), train));
    }

    [Fact]
    public void Normalised_weights_have_mean_one_and_capped_ones_end_at_the_cap()
    {
        var log = Log(out MLContext ml);
        DebiasedDistillationTrainer.Options options = Options();
        (options.NormalizeWeights, options.StartEpoch, options.Epochs) = (true, 1, 1);
        ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(BiasedRow.View(ml)).Dispose();
        Assert.Contains(
            log, line => line.Contains("The readout", StringComparison.Ordinal) && line.EndsWith("mean 1.", StringComparison.Ordinal));
        Assert.Equal(7, new ReadoutWeighting(0.05, 80, 7).OfWrong(1));
        Assert.True(float.IsFinite((float)new ReadoutWeighting(0, 80, null).OfWrong(0)));
    }

    [Theory]
    [InlineData(DistillationMethod.SimKD)]
    [InlineData(DistillationMethod.DeTT)]
    public void A_student_takes_over_the_teachers_features_and_its_classifier(DistillationMethod method)
    {
        using var leaks = NativeLeakCheck.Start();
        var log = Log(out MLContext ml);
        DebiasedDistillationTrainer.Options options = Options(epochs: 20);
        (options.Method, options.Teacher.FeatureColumnName, options.Optimizer.LearningRate) = (method, "TeacherFeatures", 0.1);
        // A teacher that sees the plane: its features are x⁺, x⁻, y⁺, y⁻, its classifier sums two of them for each quarter.
        using EarlyReadoutTransformer student = ml.MulticlassClassification.Trainers.DebiasedDistillation(options)
            .Fit(BiasedRow.View(ml, LinearTeacher(BiasedRow.Draw(400))));
        IDataView test = student.Transform(BiasedRow.View(ml, seed: 2));
        Assert.InRange(ml.MulticlassClassification.Evaluate(test).MicroAccuracy, 0.9, 1);
        Assert.Contains(log, line => line.Contains("its classifier explains 100.00", StringComparison.Ordinal));
        Assert.Equal(method == DistillationMethod.DeTT, log.Any(line => line.StartsWith("Just Train Twice", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_teacher_so_sure_that_probabilities_are_lost_hands_on_the_classifier_that_its_logits_do()
    {
        float[] byLogits = Taught(row => row.TeacherScore), byProbabilities = Taught(row => Softmax(row.TeacherScore));
        Assert.Equal(byLogits.Length, byProbabilities.Length);
        for (int i = 0; i < byLogits.Length; i++) Assert.Equal(byLogits[i], byProbabilities[i], 1e-3f);

        float[] Taught(Func<BiasedRow, float[]> scores)
        {
            BiasedRow[] rows = LinearTeacher(BiasedRow.Draw(400), scale: 150);
            int unsure = rows.Count(row => Softmax(row.TeacherScore).Min() >= 1.2e-38f);
            Assert.InRange(unsure, 20, 380);
            foreach (BiasedRow row in rows) row.TeacherScore = scores(row);
            var log = Log(out MLContext ml);
            EarlyReadoutTransformer student = ml.MulticlassClassification.Trainers.DebiasedDistillation(Matching())
                .Fit(BiasedRow.View(ml, rows));
            bool areProbabilities = log.Any(line => line.Contains("is taken for probabilities", StringComparison.Ordinal));
            string left = areProbabilities ? $", without {400 - unsure} rows that have a probability too small for a number" : "";
            Assert.Contains(
                log, line => line.EndsWith($"explains 100.00 % of its scores' variance from 4 features{left}.", StringComparison.Ordinal));
            return Scores(student, BiasedRow.View(ml, seed: 2));
        }
    }

    [Fact]
    public void A_teacher_that_is_too_sure_of_all_rows_is_asked_for_its_logits()
    {
        BiasedRow[] rows = LinearTeacher(BiasedRow.Draw(100), scale: 1e6f);
        foreach (BiasedRow row in rows) row.TeacherScore = Softmax(row.TeacherScore);
        Assert.EndsWith(
            "and its logits rather than probabilities.",
            Assert.Throws<ArgumentException>(() => Trainer(Matching()).Fit(BiasedRow.View(_ml, rows))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_whose_features_do_not_make_its_scores_is_refused()
    {
        BiasedRow[] rows = LinearTeacher(BiasedRow.Draw(100));
        var random = new Random(1);
        foreach (BiasedRow row in rows) row.TeacherFeatures = [.. row.TeacherFeatures.Select(_ => random.NextSingle())];
        Assert.Contains(
            "not a linear function of its features",
            Assert.Throws<ArgumentException>(() => Trainer(Matching()).Fit(BiasedRow.View(_ml, rows))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "Method is SimKD, which needs Teacher.FeatureColumnName",
            Assert.Throws<ArgumentException>(() => Trainer(With(each => each.Method = DistillationMethod.SimKD))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_teacher_says_of_all_rows_alike_does_not_make_its_features_the_right_ones(bool areRight)
    {
        BiasedRow[] rows = BiasedRow.Draw(100);
        foreach ((int i, BiasedRow row) in rows.Index())
        {
            (int said, int unsaid) = (i % 2, i / 2 % 2); // neither tells of the other
            row.TeacherScore = [10, 4, -3, -11 + 0.1f * said];
            row.TeacherFeatures = [areRight ? said : unsaid, 0, 0, 0];
        }

        var log = Log(out MLContext ml);
        DebiasedDistillationTrainer trainer = ml.MulticlassClassification.Trainers.DebiasedDistillation(Matching());
        IDataView view = BiasedRow.View(ml, rows);
        if (areRight)
        {
            trainer.Fit(view).Dispose();
            Assert.Contains(
                log, line => line.EndsWith("explains 100.00 % of its scores' variance from 4 features.", StringComparison.Ordinal));
            return;
        }

        Assert.Equal(
            "The teacher's scores are not a linear function of its features: the best one explains 0.0 % of their variance. Give the "
                + "features that the teacher's last linear layer reads, and its logits rather than probabilities.",
            Assert.Throws<ArgumentException>(() => trainer.Fit(view)).Message);
    }

    [Fact]
    public void Slot_names_in_another_order_are_matched()
    {
        IDataView train = BiasedRow.View(_ml);
        int[] order = [3, 1, 0, 2];
        float[] straight = Scores(Trainer(Options()).Fit(Named(train, [0, 1, 2, 3])), train);
        Assert.Equal(straight, Scores(Trainer(Options()).Fit(Named(train, order)), train));
    }

    [Fact]
    public void A_wrong_teacher_is_told_apart()
    {
        IDataView train = BiasedRow.View(_ml);
        IDataView untaught = _ml.Transforms.DropColumns("TeacherScore").Fit(train).Transform(train);
        Fails<ArgumentOutOfRangeException>("score column 'TeacherScore' is not in the data", untaught);
        Fails<ArgumentOutOfRangeException>(
            "one slot for each of the 4 classes",
            _ml.Transforms.Concatenate("TeacherScore", "TeacherScore", "TeacherScore").Fit(train).Transform(train));
        Fails<ArgumentOutOfRangeException>(
            "'TeacherScore' is of type String", _ml.Transforms.CopyColumns("TeacherScore", "Class").Fit(train).Transform(train));
        Fails<InvalidDataException>("'TeacherScore', row 3", Changed(row => row.TeacherScore[2] = float.NaN, only: 3));
        Fails<ArgumentException>(
            "sums to 1, as probabilities do", Changed(row => row.TeacherScore = [0.25f, 0.25f, 0.25f, 0.25f]),
            options => options.Teacher.ScoreKind = TeacherScoreKind.Logits);
        Fails<ArgumentException>("do not sum to 1", train, options => options.Teacher.ScoreKind = TeacherScoreKind.Probabilities);
        Fails<ArgumentOutOfRangeException>(
            "scores a class 'elsewhere', which the label column does not have", Named(train, [0, 1, 2, 3], last: "elsewhere"));

        string path = Path.GetTempFileName();
        File.WriteAllText(path, "no model");
        Fails<InvalidDataException>("is not an ONNX model", untaught, options => options.Teacher.OnnxPath = path);
        File.Delete(path);
        Assert.Contains(
            "there is no such file",
            Assert.Throws<ArgumentException>(() => Trainer(With(options => options.Teacher.OnnxPath = path))).Message,
            StringComparison.Ordinal);

        void Fails<T>(string message, IDataView view, Action<DebiasedDistillationTrainer.Options>? change = null) where T : Exception =>
            Assert.Contains(message, Assert.Throws<T>(() => Trainer(With(change)).Fit(view)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_of_the_options_come_in_one_exception()
    {
        string message = Assert.Throws<ArgumentException>(() => Trainer(With(options =>
        {
            (options.Lambda, options.Temperature, options.Alpha, options.Beta, options.StartEpoch) = (1.5, 0, -1, 200, 0);
            (options.ReadoutEvery, options.ReadoutEpochs, options.WeightCap, options.Readout.Stage) = (0, 0, 0.5, 0);
        }))).Message;
        foreach (string name in new[]
        {
            "Lambda is 1.5",
            "Temperature is 0",
            "Alpha is -1",
            "Beta is 200; it must be from 0 to 80",
            "StartEpoch is 0",
            "ReadoutEvery is 0",
            "ReadoutEpochs is 0",
            "WeightCap is 0.5",
            "Readout.Stage is 0",
        })
            Assert.Contains(name, message, StringComparison.Ordinal);
    }

    private static BiasedRow[] LinearTeacher(BiasedRow[] rows, float scale = 5)
    {
        foreach (BiasedRow row in rows)
        {
            (float x, float y) = (row.Features[0], row.Features[1]);
            float[] seen = [Math.Max(x, 0), Math.Max(-x, 0), Math.Max(y, 0), Math.Max(-y, 0)];
            row.TeacherFeatures = seen;
            row.TeacherScore =
            [
                .. Enumerable.Range(0, 4).Select(quarter => scale * (seen[quarter % 2 == 1 ? 0 : 1] + seen[quarter >= 2 ? 2 : 3])),
            ];
        }
        return rows;
    }

    private static float[] Softmax(float[] logits)
    {
        float[] exponentials = [.. logits.Select(logit => MathF.Exp(logit - logits.Max()))];
        return [.. exponentials.Select(each => each / exponentials.Sum())];
    }

    private IDataView Changed(Action<BiasedRow> change, int? only = null)
    {
        BiasedRow[] rows = BiasedRow.Draw(100);
        foreach ((int i, BiasedRow row) in rows.Index())
            if (only is null || only == i) change(row);
        return BiasedRow.View(_ml, rows);
    }

    /// <summary>The teacher's scores in another order, with slot names that say so.</summary>
    private IDataView Named(IDataView view, int[] order, string? last = null)
    {
        BiasedRow[] rows = [.. _ml.Data.CreateEnumerable<BiasedRow>(view, reuseRowObject: false, ignoreMissingColumns: true)];
        foreach (BiasedRow row in rows) row.TeacherScore = [.. order.Select(slot => row.TeacherScore[slot])];
        string[] names = [.. order.Select(slot => $"quarter {slot}")];
        if (last is not null) names[^1] = last;
        SchemaDefinition schema = SchemaDefinition.Create(typeof(BiasedRow));
        schema["TeacherScore"].AddAnnotation(
            "SlotNames", new VBuffer<ReadOnlyMemory<char>>(4, [.. names.Select(name => name.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, 4));
        IDataView named = _ml.Data.LoadFromEnumerable(rows, schema);
        return _ml.Transforms.Conversion.MapValueToKey(
            "Label", "Class",
            keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(named).Transform(named);
    }

    private DebiasedDistillationTrainer Trainer(DebiasedDistillationTrainer.Options options) =>
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options);

    private static DebiasedDistillationTrainer.Options Matching() =>
        With(options => (options.Method, options.Teacher.FeatureColumnName) = (DistillationMethod.SimKD, "TeacherFeatures"));

    private static DebiasedDistillationTrainer.Options With(Action<DebiasedDistillationTrainer.Options>? change)
    {
        DebiasedDistillationTrainer.Options options = Options();
        change?.Invoke(options);
        return options;
    }

    private static DebiasedDistillationTrainer.Options Options(int epochs = 5) => new()
    {
        Epochs = epochs,
        Optimizer = { LearningRate = 0.02 },
        Readout = { Depth = 0 },
        Seed = 3,
    };

    private static float[] Scores(EarlyReadoutTransformer model, IDataView view)
    {
        using (model) return [.. model.Transform(view).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private static ConcurrentQueue<string> Log(out MLContext ml)
    {
        var lines = new ConcurrentQueue<string>();
        ml = new MLContext(seed: 1);
        ml.Log += (_, entry) => lines.Enqueue(entry.RawMessage);
        return lines;
    }
}
