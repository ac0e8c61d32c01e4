using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Studies;

namespace MLSieve.Tests;

/// <summary>Teachers that several workers need.</summary>
public sealed class TeacherShelfTests : IDisposable
{
    private const int Rows = 12;
    private readonly string _folder = Directory.CreateTempSubdirectory("shelf-").FullName;
    private int _trained;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Workers_that_need_the_same_teacher_train_it_once_and_hear_the_same()
    {
        // A shelf each, as processes have: what they share is the folder.
        float[][][] heard = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => Scores(Teach("teacher seed 1")))));
        Assert.Equal(1, _trained);
        Assert.All(heard, scores =>
        {
            Assert.Equal(Rows, scores.Length);
            Assert.Equal(heard[0], scores);
            Assert.All(scores, row => Assert.Equal(1, row.Sum(), 1e-4f));
        });
        Scores(Teach("teacher seed 2"));
        Assert.Equal(2, _trained);
    }

    [Fact]
    public void The_rows_come_back_as_they_were_with_scores_and_maps_of_the_teacher_that_was_trained()
    {
        Training training = Training();
        using EarlyReadoutTransformer teacher = new TeacherShelf(_folder).Train("teacher", training, () => Fit(training));
        IDataView taught = Teach("teacher");
        Assert.Equal(1, _trained); // what it said was kept
        Assert.Equal(Values(training.Data.Train, "Pixels"), Values(taught, "Pixels"));
        Assert.Equal(training.Data.Train.GetColumn<uint>("Label"), taught.GetColumn<uint>("Label"));
        Assert.Equal(training.Data.Train.Schema["Pixels"].Type, taught.Schema["Pixels"].Type);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 1, 3, 4, 4), taught.Schema[TeacherShelf.Maps].Type);
        foreach ((float[] kept, float[] said) in Scores(taught).Zip(Values(teacher.Transform(training.Data.Train), "Score")))
            Assert.Equal(said, kept, (one, other) => Math.Abs(one - other) < 1e-5f);
    }

    [Fact]
    public void A_file_that_was_half_written_is_made_again_and_a_training_that_failed_leaves_none()
    {
        Assert.Throws<TrainingDivergedException>(() =>
            new TeacherShelf(_folder).Teach("teacher", Training(), () => throw new TrainingDivergedException("The loss is not finite.")));
        Assert.Empty(Directory.GetFiles(_folder, "*.idv"));
        string whole = Path.Combine(_folder, "teacher.idv");
        File.WriteAllText(whole + ".part", "half of what a killed process");
        Assert.Equal(Rows, Scores(Teach("teacher")).Length);
        Assert.Equal(1, _trained);
        Assert.Equal([whole], Directory.GetFiles(_folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)));
    }

    [Fact]
    public void Who_waits_for_a_teacher_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        using EarlyReadoutTransformer teacher = new TeacherShelf(_folder).Train("teacher", Training(), () =>
        {
            stop.CancelAfter(TimeSpan.FromMilliseconds(100));
            Assert.Throws<OperationCanceledException>(() =>
                new TeacherShelf(_folder)
                    .Teach("teacher", StoppedBy(stop.Token), () => throw new InvalidOperationException("not its turn")));
            return Fit(Training());
        });
        Assert.Single(Directory.GetFiles(_folder, "*.idv"));
    }

    private IDataView Teach(string teacher)
    {
        Training training = Training();
        return new TeacherShelf(_folder).Teach(teacher, training, () => Fit(training));
    }

    private EarlyReadoutTransformer Fit(Training training)
    {
        Interlocked.Increment(ref _trained);
        return training.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Taps = [],
            Network = { Kind = NetworkKind.ConvNet, Channels = [3] },
            Epochs = 1,
            BatchSize = 6,
            Seed = 1,
        }).Fit(training.Data.Train);
    }

    private static Training Training() => StoppedBy(TestContext.Current.CancellationToken);

    private static Training StoppedBy(CancellationToken cancellation)
    {
        var ml = new MLContext(seed: 1);
        PackedImages images = PackedImages.Allocate(Rows, 1, 8, 8);
        new Random(1).NextBytes(images.Pixels);
        for (int row = 0; row < Rows; row++) (images.Labels[row], images.Cues[row]) = (row % 2 == 0 ? "even" : "odd", Agreement.Agrees);
        IDataView rows = images.ToDataView(ml);
        return new Training(ml, StudyData.From(ml, ["even", "odd"], rows, rows, rows), 1, cancellation);
    }

    private static float[][] Scores(IDataView taught) => Values(taught, TeacherShelf.Scores);

    private static float[][] Values(IDataView view, string column) =>
        [.. view.GetColumn<VBuffer<float>>(column).Select(values => values.DenseValues().ToArray())];
}
