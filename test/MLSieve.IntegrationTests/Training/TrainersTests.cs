using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>
/// What every trainer promises about the process that it runs in, on images, with all that a step may do: augmentation, clipping, groups,
/// readouts.
/// </summary>
/// <remarks>
/// Alone in the process: while a search of another test runs, new threads have one thread of libtorch, which adds in another order.
/// </remarks>
[CollectionDefinition(nameof(TrainersTests), DisableParallelization = true)]
[Collection(nameof(TrainersTests))]
public sealed class TrainersTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly Lazy<ITransformer> _teacher;

    // Augmentation changes the images, so it takes a teacher that can be run on them.
    public TrainersTests() =>
        _teacher = new(
            () => _ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "Pixels").Fit(Picture.View(_ml, count: 120)));

    public static TheoryData<string> Trainers =>
        ["sieve", "readouts", "group DRO", "just train twice", "reweighting", "automatic reweighting", "distillation", "AdamW in bfloat16"];

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fitting_beside_threads_that_keep_the_garbage_collector_busy_gives_the_same_model(string trainer)
    {
        // A Scalar or tensor that nothing keeps alive would be freed while libtorch reads it: the process would end, or the numbers differ.
        float[] alone = Scores(trainer);
        using var stop = new CancellationTokenSource();
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() => Allocate(stop.Token)) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        try
        {
            Assert.Equal(alone, Scores(trainer));
        }
        finally
        {
            stop.Cancel();
            foreach (Thread thread in threads) thread.Join();
        }
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Neither_fitting_nor_scoring_touches_the_global_random_numbers_and_no_tensor_stays(string trainer)
    {
        NativeBackend.EnsureLoaded();
        float[] expected = Drawn(() => { }), actual;
        using (NativeLeakCheck.Start()) actual = Drawn(() => Scores(trainer));
        Assert.Equal(expected, actual);

        static float[] Drawn(Action afterSeeding)
        {
            using torch.Generator global = torch.manual_seed(5);
            afterSeeding();
            using torch.Tensor numbers = torch.randn(4);
            return numbers.data<float>().ToArray();
        }
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Whoever_has_turned_gradients_off_gets_the_same_model_and_has_them_off_again(string trainer)
    {
        float[] usual = Scores(trainer);
        using (torch.no_grad())
        {
            Assert.Equal(usual, Scores(trainer));
            Assert.False(AreGradientsRecorded());
        }

        using (torch.inference_mode())
        {
            Assert.Equal(usual, Scores(trainer));
            Assert.False(AreGradientsRecorded());
        }

        Assert.True(AreGradientsRecorded());
    }

    [Fact]
    public void One_trainer_fitted_on_four_threads_at_once_gives_the_model_that_it_gives_alone()
    {
        IEstimator<EarlyReadoutTransformer> trainer = Create("distillation");
        float[] alone = Scores("distillation");
        var fitted = new float[4][];
        Thread[] threads = [.. Enumerable.Range(0, fitted.Length).Select(i => new Thread(() =>
        {
            IDataView train = Picture.View(_ml, count: 120);
            using EarlyReadoutTransformer model = trainer.Fit(train);
            fitted[i] = [.. model.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(fitted, scores => Assert.Equal(alone, scores));
    }

    private static bool AreGradientsRecorded()
    {
        using torch.Tensor weight = torch.ones(1), product = weight.requires_grad_().mul(Scalars.Whole(2));
        return product.requires_grad;
    }

    private float[] Scores(string trainer)
    {
        IDataView train = Picture.View(_ml, count: 120);
        using EarlyReadoutTransformer model = Create(trainer).Fit(train);
        return [.. model.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private IEstimator<EarlyReadoutTransformer> Create(string trainer) => trainer switch
    {
        "sieve" => _ml.MulticlassClassification.Trainers.FeatureSieve(
            Common(new FeatureSieveTrainer.Options { Readout = { Depth = 1, Width = 8 }, ForgetEvery = 2 })),
        "distillation" =>
            _ml.MulticlassClassification.Trainers.DebiasedDistillation(
                Common(new DebiasedDistillationTrainer.Options
                {
                    Readout = { Depth = 1, Width = 8 },
                    Beta = 1,
                    Teacher = { Model = _teacher.Value },
                })),
        "AdamW in bfloat16" =>
            _ml.MulticlassClassification.Trainers.FeatureSieve(
                Common(new FeatureSieveTrainer.Options
                {
                    Optimizer = { Kind = OptimizerKind.AdamW },
                    Precision = Precision.BFloat16,
                    Readout = { Depth = 0 },
                })),
        "readouts" => Plain(ObjectiveKind.ClassBalanced),
        "group DRO" => Plain(ObjectiveKind.GroupDro),
        "just train twice" => Plain(ObjectiveKind.JustTrainTwice),
        "automatic reweighting" => Plain(ObjectiveKind.AutomaticFeatureReweighting),
        _ => Plain(ObjectiveKind.DeepFeatureReweighting),
    };

    private EarlyReadoutEstimator Plain(ObjectiveKind objective) => _ml.Transforms.EarlyReadout(Common(new EarlyReadoutEstimator.Options
    {
        Objective = { Kind = objective },
        Taps = [new() { Stage = 1 }, new() { Stage = 2, Depth = 1, Width = 8, ClassBalanced = true }],
    }));

    private static T Common<T>(T options) where T : TrainerOptions
    {
        (options.FeatureColumnName, options.GroupColumnName, options.Network.Channels, options.Epochs, options.BatchSize,
        options.ValidationFraction) = ("Pixels", nameof(Picture.Class), [8, 8], 3, 8, 0.2);
        (options.Augmentation.HorizontalFlip, options.Augmentation.CropPadding, options.Optimizer.ClipNorm, options.Schedule.Kind,
        options.Schedule.WarmUpSteps) = (true, 1, 1, ScheduleKind.Cosine, 3);
        return options;
    }

    private static void Allocate(CancellationToken stop)
    {
        for (int round = 1; !stop.IsCancellationRequested; round++)
        {
            object[] garbage = new object[100];
            for (int i = 0; i < garbage.Length; i++) garbage[i] = new byte[1000];
            GC.Collect(0);
            // each collection stops every thread of the process: without a pause, two cores get nothing else done for minutes
            if (round % 10 == 0) Thread.Sleep(1);
        }
    }
}
