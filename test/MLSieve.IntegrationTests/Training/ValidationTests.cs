using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// When a training validates, what it then tells, and when it has seen enough. Seven steps make an epoch of the cases' rows.
/// </summary>
public sealed class ValidationTests
{
    /// <summary>The ways of training that read no groups of training rows.</summary>
    public static TheoryData<string> NeedNoTrainingGroups => [.. TrainingCase.Names.Except(["group DRO", "deep feature reweighting"])];

    [Fact]
    public void What_schemas_tell_is_told_before_a_row_is_read()
    {
        bool isRead = false;
        var ml = new MLContext(seed: 1);
        IEnumerable<BiasedRow> rows = BiasedRow.Draw(40).Select(row =>
        {
            isRead = true;
            return row;
        });
        IDataView train = ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Fit(TrainingCase.Rows(ml))
            .Transform(ml.Data.LoadFromEnumerable(rows));
        TrainerOptions options = TrainingCase.Options("sieve");
        (options.ValidationFraction, options.ValidationSet) = (0, ml.Transforms.DropColumns("Cue").Fit(train).Transform(train));
        Assert.Contains(
            "'Cue'", Assert.Throws<ArgumentOutOfRangeException>(() => options.Estimator(ml).Fit(train)).Message, StringComparison.Ordinal);

        options = TrainingCase.Options("sieve");
        options.Augmentation.HorizontalFlip = true;
        Assert.Equal(
            "Augmentation.HorizontalFlip is given, which is for images; the features are vectors of 4 numbers.",
            Assert.Throws<ArgumentException>(() => options.Estimator(ml).Fit(train)).Message);
        Assert.False(isRead);
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("distillation")]
    [InlineData("Just Train Twice")]
    public void Every_seven_steps_is_the_end_of_each_epoch_to_the_bit(string name)
    {
        using EarlyReadoutTransformer byEpoch = TrainingCase.Fit(TrainingCase.Options(name));
        TrainerOptions options = TrainingCase.Options(name);
        options.ValidateEverySteps = 7;
        using EarlyReadoutTransformer bySteps = TrainingCase.Fit(options);
        Assert.Equal(ModelBytes.Of(byEpoch), ModelBytes.Of(bySteps));
        AssertEqual(byEpoch.History.Points, bySteps.History.Points);
        Assert.Equal(byEpoch.History.Selected!.Step, bySteps.History.Selected!.Step);
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("distillation")]
    public void Validations_within_epochs_change_no_step_and_each_point_has_the_means_since_the_one_before(string name)
    {
        using EarlyReadoutTransformer each = Fit(1), some = Fit(4);
        Assert.Equal([4, 8, 12, 16, 17], some.History.Points.Select(point => point.Step));
        Assert.Equal(17, each.History.Points.Count);
        Assert.All(
            some.History.Points, point => Assert.Equal(each.History.Points[(int)point.Step - 1].ValidationScore, point.ValidationScore));
        long before = 0;
        foreach (TrainingPoint point in some.History.Points)
        {
            // Of 208 rows, six batches of an epoch have 32 and the last has 16.
            (double Loss, double Rows)[] steps =
                [.. each.History.Points.Where(one => one.Step > before && one.Step <= point.Step)
                    .Select(one => (one.Losses["main"], one.Step % 7 == 0 ? 16.0 : 32))];
            Assert.Equal(steps.Sum(one => one.Loss * one.Rows) / steps.Sum(one => one.Rows), point.Losses["main"], 1e-12);
            before = point.Step;
        }

        EarlyReadoutTransformer Fit(int every)
        {
            TrainerOptions options = StepsTests.InSteps(name, 17);
            options.ValidateEverySteps = every;
            return TrainingCase.Fit(options);
        }
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("distillation")]
    [InlineData("readouts together")]
    public void The_network_that_is_kept_is_that_of_the_best_step(string name)
    {
        TrainerOptions options = StepsTests.InSteps(name, 40);
        (options.ValidateEverySteps, options.Optimizer.LearningRate) = (3, 0.3); // so high that the figure goes up and down
        List<string> log = [];
        using EarlyReadoutTransformer model = TrainingCase.Fit(options, Logged(log));
        TrainingPoint kept = model.History.Selected!;
        Assert.Equal(model.History.Points.MaxBy(point => point.ValidationScore), kept); // the first of those that are equal
        Assert.InRange(kept.Step, 1, 39);
        Assert.NotEqual(0, kept.Step % 7);
        Assert.Contains($"Keeping the network of step {kept.Step}.", log);
        Assert.Equal(
            14,
            log.Count(line => line.StartsWith("Step ", StringComparison.Ordinal) && line.Contains("/40 in ", StringComparison.Ordinal)));

        TrainerOptions shorter = StepsTests.InSteps(name, (int)kept.Step);
        (shorter.Optimizer.LearningRate, shorter.Selection) = (0.3, SelectionMetric.LastEpoch);
        Assert.Equal(TrainingCase.FitToBytes(shorter), ModelBytes.Of(model));
    }

    [Fact]
    public void Without_validation_rows_the_points_are_there_and_the_last_network_is_kept()
    {
        TrainerOptions options = StepsTests.InSteps("sieve", 10);
        (options.ValidateEverySteps, options.ValidationFraction) = (4, 0);
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal([(4, null), (8, null), (10, null)], model.History.Points.Select(point => (point.Step, point.ValidationScore)));
        Assert.All(model.History.Points, point => Assert.Empty(point.Groups));
        Assert.Equal(10, model.History.Selected!.Step);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Patience_stops_when_the_figure_has_not_risen_so_often_in_a_row_and_the_best_network_is_kept(int patience)
    {
        TrainerOptions whole = StepsTests.InSteps("sieve", 80);
        (whole.ValidateEverySteps, whole.Optimizer.LearningRate) = (2, 0.3);
        using EarlyReadoutTransformer expected = TrainingCase.Fit(whole);
        (double best, int since, int end) = (-1, 0, 0);
        foreach (TrainingPoint point in expected.History.Points.TakeWhile(_ => since < patience))
        {
            since = point.ValidationScore > best ? 0 : since + 1;
            (best, end) = (Math.Max(best, point.ValidationScore!.Value), end + 1);
        }

        Assert.Equal(patience, since);
        Assert.InRange(end, patience + 1, 39);

        whole.Patience = patience;
        List<string> log = [];
        using EarlyReadoutTransformer model = TrainingCase.Fit(whole, Logged(log));
        AssertEqual(expected.History.Points.Take(end), model.History.Points);
        Assert.Equal(best, model.History.Selected!.ValidationScore);
        Assert.Equal(model.History.Points.First(point => point.ValidationScore == best), model.History.Selected);
        Assert.Contains(
            $"Stopping after step {2 * end}: validation AverageAccuracy has not risen in the last {patience} validations.", log);

        TrainerOptions shorter = StepsTests.InSteps("sieve", (int)model.History.Selected.Step);
        (shorter.Optimizer.LearningRate, shorter.Selection) = (0.3, SelectionMetric.LastEpoch);
        Assert.Equal(TrainingCase.FitToBytes(shorter), ModelBytes.Of(model));
    }

    [Theory]
    [InlineData(SelectionMetric.WorstGroupAccuracy)]
    [InlineData(SelectionMetric.UnbiasedAccuracy)]
    [InlineData(SelectionMetric.AverageAccuracy)]
    public void What_the_callback_is_told_is_what_the_model_does_on_those_rows_by_group(SelectionMetric selection)
    {
        var ml = new MLContext(seed: 1);
        IDataView held = BiasedRow.View(ml, count: 150, seed: 8);
        TrainerOptions options = StepsTests.InSteps("sieve", 24);
        (options.ValidationFraction, options.ValidationSet, options.ValidateEverySteps, options.Selection) = (0, held, 5, selection);
        List<TrainingValidation> told = [];
        options.OnValidation = told.Add;
        using EarlyReadoutTransformer model = TrainingCase.Fit(options, ml);
        Assert.Equal([5, 10, 15, 20, 24], told.Select(each => each.Step));
        Assert.All(told, each => Assert.Equal((24, each.Step / 9.0), (each.Steps, each.Epoch))); // 260 rows
        AssertEqual(
            model.History.Points,
            told.Select(each => new TrainingPoint(each.Step, each.Epoch, each.Losses, each.Score) { Groups = each.Groups }));

        TrainingValidation best = told.Last(each => each.IsBest);
        Assert.Equal(model.History.Selected!.Step, best.Step);
        GroupMetrics metrics = ml.MulticlassClassification.EvaluateByGroup(model.Transform(held), "Cue");
        Assert.Equal(
            metrics.Groups.Select(group => ($"{group.Label}, {group.Attributes[0]}", group.Count, group.Correct)).Order(),
            best.Groups.Select(group => (group.Name, group.Count, group.Correct)).Order());
        double expected = selection switch
        {
            SelectionMetric.WorstGroupAccuracy => metrics.Groups.Min(group => group.Accuracy),
            SelectionMetric.UnbiasedAccuracy => metrics.Groups.Average(group => group.Accuracy),
            _ => metrics.AverageAccuracy,
        };
        Assert.Equal(expected, best.Score, 1e-12);
    }

    [Fact]
    public void Where_no_groups_are_named_it_is_told_of_the_classes()
    {
        var ml = new MLContext(seed: 1);
        IDataView held = BiasedRow.View(ml, count: 150, seed: 8);
        TrainerOptions options = TrainingCase.Options("sieve");
        (options.GroupColumnName, options.ValidationFraction, options.ValidationSet) = (null, 0, held);
        List<TrainingValidation> told = [];
        options.OnValidation = told.Add;
        using EarlyReadoutTransformer model = TrainingCase.Fit(options, ml);
        Assert.Equal(["quarter 0", "quarter 1", "quarter 2", "quarter 3"], told[0].Groups.Select(group => group.Name));
        ConfusionMatrix matrix = ml.MulticlassClassification.Evaluate(model.Transform(held)).ConfusionMatrix;
        Assert.Equal(
            Enumerable.Range(0, 4).Select(label => (matrix.Counts[label].Sum(), matrix.Counts[label][label])),
            told.Last(each => each.IsBest).Groups.Select(group => ((double)group.Count, (double)group.Correct)));
    }

    [Fact]
    public void An_exception_of_the_callback_ends_the_fit_and_comes_out_as_it_is()
    {
        var fault = new FormatException("mine");
        TrainerOptions options = TrainingCase.Options("sieve");
        options.OnValidation = each =>
        {
            if (each.Step == 14) throw fault;
        };
        NativeBackend.EnsureLoaded();
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        Assert.Same(fault, Assert.Throws<FormatException>(() => TrainingCase.Fit(options)));
    }

    [Fact]
    public void Cancelled_in_the_callback_a_fit_that_returns_its_best_returns_that_of_the_validations_so_far()
    {
        TrainerOptions shorter = StepsTests.InSteps("sieve", 12);
        shorter.ValidateEverySteps = 4;
        byte[] expected = TrainingCase.FitToBytes(shorter);
        using var stop = new CancellationTokenSource();
        TrainerOptions options = StepsTests.InSteps("sieve", 20);
        (options.ValidateEverySteps, options.CancellationToken, options.OnCancellation) = (4, stop.Token, CancellationBehavior.ReturnBest);
        options.OnValidation = each =>
        {
            if (each.Step == 12) stop.Cancel();
        };
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal([4, 8, 12], model.History.Points.Select(point => point.Step));
        Assert.Equal(expected, ModelBytes.Of(model));
    }

    [Theory]
    [InlineData(nameof(TrainerOptions.Patience))]
    [InlineData(nameof(TrainerOptions.OnValidation))]
    public void What_looks_at_validations_needs_rows_and_a_figure(string option)
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        if (option == nameof(TrainerOptions.Patience)) options.Patience = 1;
        else options.OnValidation = _ => { };
        options.ValidationFraction = 0;
        Assert.Equal(
            $"{option} is given, which needs validation rows; give ValidationFraction, ValidationSet, or Fit the rows as validationData.",
            Assert.Throws<ArgumentException>(() => TrainingCase.Fit(options)).Message);
        options.Selection = SelectionMetric.LastEpoch;
        Assert.Contains(
            $"- {option} is given, which needs a validation figure; Selection is LastEpoch, which looks at none.",
            Assert.Throws<ArgumentException>(() => TrainingCase.Fit(options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("readouts together")]
    [InlineData("sieve")]
    [InlineData("distillation")]
    public void Rows_that_fit_is_given_are_those_of_the_option_to_the_bit(string name)
    {
        var ml = new MLContext(seed: 1);
        IDataView train = TrainingCase.Rows(ml), held = BiasedRow.View(ml, count: 150, seed: 8);
        TrainerOptions options = TrainingCase.Options(name);
        (options.ValidationFraction, options.Patience) = (0, 3);
        using EarlyReadoutTransformer given = options switch
        {
            EarlyReadoutEstimator.Options plain => ml.Transforms.EarlyReadout(plain).Fit(train, held),
            FeatureSieveTrainer.Options sieve => ml.MulticlassClassification.Trainers.FeatureSieve(sieve).Fit(train, held),
            DebiasedDistillationTrainer.Options distillation =>
                ml.MulticlassClassification.Trainers.DebiasedDistillation(distillation).Fit(train, held),
            _ => throw new InvalidOperationException($"No trainer of {options}."),
        };
        Assert.NotNull(given.History.Selected!.ValidationScore);
        options.ValidationSet = held;
        using EarlyReadoutTransformer named = TrainingCase.Fit(options, ml);
        Assert.Equal(ModelBytes.Of(named), ModelBytes.Of(given));
        AssertEqual(named.History.Points, given.History.Points);
    }

    [Theory]
    [MemberData(nameof(NeedNoTrainingGroups))]
    public void Groups_that_only_validation_rows_have_choose_as_where_all_rows_have_them_to_the_bit(string name)
    {
        var ml = new MLContext(seed: 1);
        IDataView train = TrainingCase.Rows(ml), bare = ml.Transforms.DropColumns("Cue").Fit(train).Transform(train);
        TrainerOptions options = TrainingCase.Options(name);
        (options.ValidationFraction, options.ValidationSet) = (0, BiasedRow.View(ml, count: 150, seed: 8));
        options.Selection = SelectionMetric.UnbiasedAccuracy;
        IEstimator<EarlyReadoutTransformer> trainer = options.Estimator(ml);
        using EarlyReadoutTransformer all = trainer.Fit(train), some = trainer.Fit(bare);
        Assert.All(some.History.Points, point => Assert.Contains(", agrees", point.Groups[0].Name, StringComparison.Ordinal));
        AssertEqual(all.History.Points, some.History.Points);
        Assert.Equal(all.History.Selected!.Step, some.History.Selected!.Step);
        Assert.Equal(TrainingCase.Scores(all), TrainingCase.Scores(some));
    }

    [Theory]
    [InlineData(nameof(TrainerOptions.ValidationSet))]
    [InlineData(nameof(TrainerOptions.ValidationFraction))]
    public void Rows_are_not_given_to_fit_and_in_the_options(string option)
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = TrainingCase.Rows(ml);
        var options = new FeatureSieveTrainer.Options();
        if (option == nameof(TrainerOptions.ValidationSet)) options.ValidationSet = rows;
        else options.ValidationFraction = 0.1;
        string message = Assert.Throws<ArgumentException>(
            () => ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(rows, rows)).Message;
        Assert.StartsWith(
            $"Fit is given validation rows, and so are the options, by {option}; give one.", message, StringComparison.Ordinal);
    }

    internal static void AssertEqual(IEnumerable<TrainingPoint> expected, IEnumerable<TrainingPoint> actual) =>
        Assert.Equal(expected.Select(Text), actual.Select(Text));

    private static string Text(TrainingPoint point) => FormattableString.Invariant(
        $"{point.Step} {point.Epoch:R} {point.ValidationScore:R} ")
            + FormattableString.Invariant(
                $"{string.Join(' ', point.Losses.Select(loss => FormattableString.Invariant($"{loss.Key} {loss.Value:R}")))} ")
        + string.Join(' ', point.Groups); // records, which say all they hold

    private static MLContext Logged(List<string> log)
    {
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) => log.Add(entry.RawMessage);
        return ml;
    }
}
