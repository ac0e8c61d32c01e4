using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What many fits over the same views share, and that nobody can tell by the models.</summary>
/// <remarks>Alone in the process, as <see cref="TrainersTests"/> are, and for their reason.</remarks>
[Collection(nameof(TrainersTests))]
public sealed class PackedViewTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(ContractTrainer.Readouts)]
    [InlineData(ContractTrainer.Sieve)]
    [InlineData(ContractTrainer.Distillation)]
    public async Task Three_fits_in_turn_and_four_at_once_read_each_view_once_and_give_the_same_models_to_the_bit(ContractTrainer trainer)
    {
        var rows = new CountingView(ContractRow.View(_ml, ContractRow.Draw(90)));
        var held = new CountingView(ContractRow.View(_ml, ContractRow.Draw(40, seed: 2)));
        byte[][] expected = [.. Enumerable.Range(0, 7).Select(setting => Fit(setting, rows, held))];
        Assert.Equal((7, 7), (rows.Cursors, held.Cursors));
        Assert.Equal(7, expected.DistinctBy(Convert.ToHexString).Count());

        using PackedView training = new(rows), validation = new(held);
        foreach (int setting in Enumerable.Range(0, 3)) Check(setting, training, validation);
        await AtOnce(Enumerable.Range(3, 4), training, validation);
        Assert.Equal((8, 8), (rows.Cursors, held.Cursors));
        Assert.Equal((8, 8), (rows.DisposedCursors, held.DisposedCursors));

        using PackedView first = new(rows), last = new(held); // at once from the start: who comes first reads, whoever it is
        await AtOnce(Enumerable.Range(0, 7), first, last);
        Assert.Equal((9, 9), (rows.Cursors, held.Cursors));

        Task AtOnce(IEnumerable<int> settings, IDataView view, IDataView heldOut) =>
            Task.WhenAll(settings.Select(setting => Task.Run(() => Check(setting, view, heldOut))));

        void Check(int setting, IDataView view, IDataView heldOut) => Assert.Equal(expected[setting], Fit(setting, view, heldOut));

        byte[] Fit(int setting, IDataView view, IDataView heldOut)
        {
            TrainerOptions options = trainer.Options(ContractInput.Pixels);
            options.Optimizer.LearningRate *= 1 + setting;
            options.Seed = setting;
            options.ValidationSet = heldOut;
            using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(view);
            return ModelBytes.Of(model);
        }
    }

    [Fact]
    public void Every_way_of_training_gives_the_same_model_to_the_bit_over_the_same_packed_rows()
    {
        IDataView rows = TrainingCase.Rows(_ml);
        var counted = new CountingView(rows);
        using var packed = new PackedView(counted);
        foreach (string name in TrainingCase.Names) Assert.Equal(Fit(name, rows), Fit(name, packed));
        Assert.Equal(3, counted.Cursors); // with the teacher's scores, with its features too, and without either

        byte[] Fit(string name, IDataView view)
        {
            using EarlyReadoutTransformer model = TrainingCase.Options(name).Estimator(_ml).Fit(view);
            return ModelBytes.Of(model);
        }
    }

    [Fact]
    public void Rows_to_reweight_the_head_on_are_read_once_too()
    {
        IDataView rows = TrainingCase.Rows(_ml);
        var held = new CountingView(TrainingCase.Rows(_ml, 120));
        byte[] expected = Fit(held);
        Assert.Equal(2, held.Cursors);
        using var packed = new PackedView(held);
        Assert.Equal(expected, Fit(packed));
        Assert.Equal(expected, Fit(packed));
        Assert.Equal(3, held.Cursors);

        byte[] Fit(IDataView view)
        {
            var options = (EarlyReadoutEstimator.Options)TrainingCase.Options("deep feature reweighting");
            options.ValidationFraction = 0;
            options.ValidationSet = view;
            options.Objective.DeepFeatureReweighting.ReweightingSet = view;
            using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(rows);
            return ModelBytes.Of(model);
        }
    }

    [Fact]
    public void A_training_over_the_view_itself_is_gone_on_with_over_its_packed_rows()
    {
        string folder = Directory.CreateTempSubdirectory("packed").FullName;
        IDataView rows = TrainingCase.Rows(_ml), held = TrainingCase.Rows(_ml, 60);
        TrainerOptions options = TrainingCase.Options("readouts together");
        options.ValidationFraction = 0;
        options.CheckpointDirectory = folder;
        options.ValidationSet = held;
        using EarlyReadoutTransformer model = options.Estimator(_ml).Fit(rows);
        using PackedView training = new(rows), validation = new(held);
        options.ValidationSet = validation;
        options.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (batch, value) =>
            batch > 15 ? throw new InvalidOperationException("There is nothing left to train.") : value.alias()); // an epoch has nine
        using EarlyReadoutTransformer again = options.Estimator(_ml).Fit(training);
        Assert.Equal(ModelBytes.Of(model), ModelBytes.Of(again));
        Directory.Delete(folder, recursive: true);
    }
}
