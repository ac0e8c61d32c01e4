using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class EarlyReadoutEstimatorTests
{
    private const string UntrainedFault =
        "TrainedPart is None, which trains nothing of the network; leave out what only that training reads:";

    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(nameof(BiasedRow.Class))]
    [InlineData(nameof(BiasedRow.Number))]
    public void Readouts_add_score_class_and_margin_that_survive_saving(string label)
    {
        using var leaks = NativeLeakCheck.Start();
        IDataView train = BiasedRow.View(_ml, label: label);
        EarlyReadoutEstimator estimator = _ml.Transforms.EarlyReadout(
            Options(
                new() { Stage = 1 }, new() { Stage = 2, Depth = 1, Width = 8, ClassBalanced = true }, new() { Stage = 0, Name = "Raw" }));
        SchemaShape promised = estimator.GetOutputSchema(SchemaShapes.Of(train.Schema));
        using EarlyReadoutTransformer model = estimator.Fit(train);
        Assert.Equal(["Readout1", "Readout2Balanced", "Raw"], model.ReadoutNames);
        IDataView scored = model.Transform(train);
        foreach (SchemaShape.Column column in SchemaShapes.Of(scored.Schema))
        {
            SchemaShape.Column named = promised.Single(other => other.Name == column.Name);
            Assert.Equal((column.Kind, column.ItemType, column.IsKey), (named.Kind, named.ItemType, named.IsKey));
        }

        using var zip = new MemoryStream();
        _ml.Model.Save(model, train.Schema, zip);
        zip.Position = 0;
        using var stock = (TransformerChain<ITransformer>)new MLContext().Model.Load(zip, out _);
        IDataView reloaded = stock.Transform(train);
        double[] Accuracies(IDataView view) =>
            [.. _ml.MulticlassClassification.ProfileReadouts(view, model.ReadoutNames, "Cue").Readouts.Select(readout => readout.Accuracy)];
        Assert.Equal(Accuracies(scored), Accuracies(reloaded));
        Assert.Equal(
            scored.Schema.Where(column => !column.IsHidden).Select(column => column.Name),
            reloaded.Schema.Where(column => !column.IsHidden).Select(column => column.Name));
        foreach (string name in model.ReadoutNames.Append(""))
        {
            string prefix = name.Length == 0 ? "" : name + ".";
            float[][] scores = [.. scored.GetColumn<float[]>(prefix + "Score")];
            uint[] predicted = [.. scored.GetColumn<uint>(prefix + "PredictedLabel")];
            Assert.All(scores.Zip(predicted), row => Assert.Equal(row.First.IndexOf(row.First.Max()) + 1, (int)row.Second));
            Assert.All(
                scores.Zip(reloaded.GetColumn<float[]>(prefix + "Score")),
                row => Assert.All(row.First.Zip(row.Second), p => Assert.Equal(p.First, p.Second, 1e-5f)));
            Assert.Equal(predicted, reloaded.GetColumn<uint>(prefix + "PredictedLabel"));
            Assert.Equal(Keys(scored, prefix + "PredictedLabel"), Keys(reloaded, prefix + "PredictedLabel"));
            if (name.Length == 0) continue;
            float[] margins = [.. scored.GetColumn<float>(prefix + "Margin")];
            Assert.All(
                scores.Zip(margins),
                row => Assert.Equal(row.First.OrderDescending().First() - row.First.OrderDescending().ElementAt(1), row.Second));
            Assert.All(margins.Zip(reloaded.GetColumn<float>(prefix + "Margin")), row => Assert.Equal(row.First, row.Second, 1e-5f));
        }
    }

    [Fact]
    public void Plain_training_among_the_trainers_is_that_among_the_transforms()
    {
        IDataView train = BiasedRow.View(_ml);
        EarlyReadoutEstimator.Options options = Options(new EarlyReadoutEstimator.Tap { Stage = 1 });
        using EarlyReadoutTransformer transform = _ml.Transforms.EarlyReadout(options).Fit(train);
        using EarlyReadoutTransformer trainer = _ml.MulticlassClassification.Trainers.EarlyReadout(options).Fit(train);
        Assert.Equal(
            transform.Transform(train).GetColumn<float[]>("Score"), trainer.Transform(train).GetColumn<float[]>("Score"));

        EarlyReadoutEstimator named = _ml.MulticlassClassification.Trainers.EarlyReadout(
            options.LabelColumnName, options.FeatureColumnName, NetworkKind.Mlp, stages: [1, 2], epochs: 1);
        using EarlyReadoutTransformer model = named.Fit(train);
        Assert.Equal(["Readout1", "Readout2"], model.ReadoutNames);
    }

    [Fact]
    public void Training_readouts_moves_nothing_in_the_network()
    {
        IDataView train = BiasedRow.View(_ml);
        EarlyReadoutEstimator.Options none = Options(), together = Options(new() { Stage = 1, Depth = 1, Width = 8 }, new() { Stage = 2 }),
            afterwards = Options(new EarlyReadoutEstimator.Tap { Stage = 1 });
        afterwards.ReadoutTiming = ReadoutTiming.Afterwards;
        float[] expected = Scores(none, train);
        Assert.Equal(expected, Scores(together, train));
        Assert.Equal(expected, Scores(afterwards, train));
    }

    [Fact]
    public void No_epochs_and_no_steps_are_refused_with_the_option_that_trains_readouts_alone()
    {
        foreach (EarlyReadoutEstimator.Options none in new EarlyReadoutEstimator.Options[] { new() { Epochs = 0 }, new() { Steps = 0 } })
            Assert.Contains(
                "set TrainedPart to None",
                Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(none)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_the_training_of_the_network_reads_is_refused_by_name_where_nothing_of_it_is_trained()
    {
        EarlyReadoutEstimator.Options options = Untrained();
        _ = _ml.Transforms.EarlyReadout(options); // what readouts and rows need is taken
        (options.Steps, options.ExampleWeightColumnName, options.LabelSmoothing, options.AveragingDecay) = (3, "Weight", 0.1, 0.9);
        (options.ValidateEverySteps, options.Patience) = (2, 4);
        options.OnValidation = _ => { };
        Assert.Equal(
            Refusal("Steps, ExampleWeightColumnName, LabelSmoothing, AveragingDecay, ValidateEverySteps, Patience, OnValidation"),
            Message(options));
        options = Untrained();
        options.Epochs = 3;
        Assert.Equal(Refusal("Epochs"), Message(options));

        string Message(EarlyReadoutEstimator.Options given) =>
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(given)).Message.ReplaceLineEndings("\n");

        static string Refusal(string names) => $"EarlyReadoutEstimator.Options has 1 fault:\n- {UntrainedFault} {names}.";
    }

    [Theory]
    [InlineData(ObjectiveKind.ClassBalanced)]
    [InlineData(ObjectiveKind.GroupDro)]
    [InlineData(ObjectiveKind.JustTrainTwice)]
    [InlineData(ObjectiveKind.DeepFeatureReweighting)]
    [InlineData(ObjectiveKind.AutomaticFeatureReweighting)]
    public void No_objective_is_dropped_in_silence_where_nothing_of_the_network_is_trained(ObjectiveKind kind)
    {
        EarlyReadoutEstimator.Options options = Untrained();
        options.Objective.Kind = kind;
        Assert.Contains(
            $"- {UntrainedFault} Objective.Kind.",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Readouts_read_a_network_of_ones_own_that_is_not_trained_at_all_and_has_weights_of_a_file()
    {
        IDataView train = BiasedRow.View(_ml);
        string path = Path.Combine(Directory.CreateTempSubdirectory("weights").FullName, "mlp.safetensors");
        DrawnNetwork(path).Dispose();
        EarlyReadoutEstimator.Options options = Options(new EarlyReadoutEstimator.Tap { Stage = 1 });
        options.Network.Custom = (shape, classes) => new Mlp(shape, [16], classes);
        (options.Network.WeightsPath, options.TrainedPart) = (path, TrainedPart.None);
        options.Epochs = null;
        options.ReadoutEpochs = 20;
        options.ReadoutLearningRate = 0.1;
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(train);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        IDataView scored = model.Transform(train);
        double accuracy = _ml.MulticlassClassification.ProfileReadouts(scored, model.ReadoutNames).Readouts[0].Accuracy;
        Assert.True(accuracy > 0.6, $"A linear readout of 16 random features reads {accuracy}.");
        // One of one's own is drawn anew as well, whatever its constructor gives it.
        options.Network.WeightsPath = null;
        foreach (var random in new EarlyReadoutEstimator.Options[] { options, new() { TrainedPart = TrainedPart.None } })
            Assert.Contains(
                "TrainedPart is None, which needs StartFrom or Network.WeightsPath: there is nothing to read out of random weights.",
                Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(random)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Readouts_read_given_weights_as_they_are()
    {
        IDataView train = BiasedRow.View(_ml);
        using var scope = NewDisposeScope();
        string path = Path.Combine(Directory.CreateTempSubdirectory("weights").FullName, "mlp.safetensors");
        using Mlp network = DrawnNetwork(path);
        EarlyReadoutEstimator.Options options = Options(new() { Stage = 1 }, new() { Stage = 0 });
        (options.Network.HiddenUnits, options.Network.WeightsPath, options.TrainedPart) = ([16], path, TrainedPart.None);
        options.Epochs = null;
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(train);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

        float[][] features = [.. train.GetColumn<float[]>("Features")];
        float[] expected = nn.functional.softmax(network.call(tensor(features.SelectMany(row => row).ToArray(), [features.Length, 4])), 1)
            .data<float>()
            .ToArray();
        float[] actual = [.. model.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Readouts_read_a_column_that_another_model_made()
    {
        IDataView train = BiasedRow.View(_ml);
        using EarlyReadoutTransformer other = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { Taps = [], Epochs = 5, Optimizer = { LearningRate = 0.1 } }).Fit(train);
        string path = Path.Combine(Directory.CreateTempSubdirectory("other").FullName, "other.onnx");
        other.SaveAsOnnx(path);
        EarlyReadoutEstimator.Options options = Options(new EarlyReadoutEstimator.Tap { Stage = 0, Name = "Probe" });
        (options.FeatureColumnName, options.ReadoutEpochs, options.ReadoutLearningRate,
        options.ReadoutTiming) = ("Embedding", 10, 0.1, ReadoutTiming.Afterwards);
        var pipeline = _ml.Transforms.ApplyOnnxModel(["Embedding"], ["Features"], path).Append(_ml.Transforms.EarlyReadout(options));
        var model = pipeline.Fit(train);
        IDataView scored = model.Transform(train);
        // a probe of what the other model's last layer reads
        Assert.InRange(_ml.MulticlassClassification.ProfileReadouts(scored, ["Probe"]).Readouts[0].Accuracy, 0.8, 1);

        using var zip = new MemoryStream();
        _ml.Model.Save(model, train.Schema, zip);
        zip.Position = 0;
        using var stock = (TransformerChain<ITransformer>)new MLContext().Model.Load(zip, out _);
        IDataView reloaded = stock.Transform(train);
        Assert.All(
            scored.GetColumn<float[]>("Probe.Score").Zip(reloaded.GetColumn<float[]>("Probe.Score")),
            row => Assert.All(row.First.Zip(row.Second), p => Assert.Equal(p.First, p.Second, 1e-5f)));
        model.Dispose();
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_key_without_values_is_promised_as_it_is_delivered()
    {
        IDataView train = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 40).Select(i => new Numbered { Value = [i % 2, i % 4], Label = (byte)(i % 2) }));
        EarlyReadoutEstimator.Options options = Options();
        options.FeatureColumnName = nameof(Numbered.Value);
        EarlyReadoutEstimator estimator = _ml.Transforms.EarlyReadout(options);
        SchemaShape.Column promised = estimator.GetOutputSchema(SchemaShapes.Of(train.Schema))
            .Single(column => column.Name == "PredictedLabel");
        using EarlyReadoutTransformer model = estimator.Fit(train);
        SchemaShape.Column delivered = SchemaShapes.Of(model.Transform(train).Schema).Single(column => column.Name == "PredictedLabel");
        Assert.Equal((delivered.Kind, delivered.ItemType, delivered.IsKey), (promised.Kind, promised.ItemType, promised.IsKey));
    }

    [Theory]
    [InlineData(DataKind.Byte)]
    [InlineData(DataKind.UInt16)]
    [InlineData(DataKind.UInt64)]
    public void A_label_key_of_any_type_is_promised_trained_evaluated_and_saved(DataKind kind)
    {
        IDataView keyed = BiasedRow.View(_ml);
        IDataView train = _ml.Transforms.Conversion.ConvertType("Label", outputKind: kind).Fit(keyed).Transform(keyed);
        EarlyReadoutEstimator estimator = _ml.Transforms.EarlyReadout(Options(new EarlyReadoutEstimator.Tap { Stage = 1 }));
        SchemaShape promised = estimator.GetOutputSchema(SchemaShapes.Of(train.Schema));
        using EarlyReadoutTransformer model = estimator.Fit(train);
        IDataView scored = model.Transform(train);
        foreach (SchemaShape.Column column in SchemaShapes.Of(scored.Schema))
        {
            SchemaShape.Column named = promised.Single(other => other.Name == column.Name);
            Assert.Equal((column.Kind, column.ItemType, column.IsKey), (named.Kind, named.ItemType, named.IsKey));
        }

        Assert.Equal(
            Scores(Options(new EarlyReadoutEstimator.Tap { Stage = 1 }), keyed),
            scored.GetColumn<float[]>("Score").SelectMany(score => score));
        Assert.Equal(Keys(keyed, "Label"), Keys(scored, "PredictedLabel"));
        double accuracy = keyed.GetColumn<uint>("Label")
            .Zip(scored.GetColumn<uint>("PredictedLabel"), (label, predicted) => label == predicted ? 1.0 : 0)
            .Average();
        Assert.Equal(accuracy, _ml.MulticlassClassification.EvaluateByGroup(scored, "Cue").AverageAccuracy, 1e-12);
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, train.Schema);
        Assert.Equal(scored.GetColumn<uint>("PredictedLabel"), stock.Transform(train).GetColumn<uint>("PredictedLabel"));
    }

    [Theory]
    [InlineData(TrainedPart.All)]
    [InlineData(TrainedPart.Head)]
    public void Readouts_of_image_networks_are_exported_and_compared(TrainedPart part)
    {
        IDataView train = Picture.View(_ml);
        EarlyReadoutEstimator.Options options = Options(
            new() { Stage = 0, Depth = 1, Width = 4 }, new() { Stage = 1 }, new() { Stage = 2, Depth = 2, Width = 4 });
        (options.FeatureColumnName, options.Network.Channels, options.Epochs, options.TrainedPart,
        options.ReadoutLearningRate) = ("Pixels", [8, 8], 40, part, 0.05);
        // compares network and readouts with the graph
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(train);
        ReadoutProfile profile = _ml.MulticlassClassification.ProfileReadouts(model.Transform(train), model.ReadoutNames);
        Assert.All(profile.Readouts, readout => Assert.InRange(readout.Accuracy, 0.5, 1));
    }

    [Fact]
    public void The_selected_epochs_readouts_are_kept_with_its_network()
    {
        // Parity is checked on whatever is exported; that readouts of another epoch would score otherwise is seen by comparing with a
        // training that ends there.
        IDataView train = BiasedRow.View(_ml);
        EarlyReadoutEstimator.Options longer = Options(new EarlyReadoutEstimator.Tap { Stage = 1 }),
            shorter = Options(new EarlyReadoutEstimator.Tap { Stage = 1 });
        longer.ValidationSet = BiasedRow.View(_ml, seed: 5);
        longer.Epochs = 8;
        longer.Optimizer.LearningRate = 0.6; // so high that a middle epoch is the best
        longer.Schedule.Kind = shorter.Schedule.Kind = ScheduleKind.Constant; // the same rates, whatever the number of epochs
        string kept = "";
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) => kept = entry.RawMessage.StartsWith("Keeping the network of epoch", StringComparison.Ordinal)
            ? entry.RawMessage
            : kept;
        using EarlyReadoutTransformer selected = ml.Transforms.EarlyReadout(longer).Fit(train);
        Assert.NotEqual("", kept);
        shorter.Epochs = int.Parse(kept.Split(' ')[^1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
        shorter.Optimizer.LearningRate = 0.6;
        using EarlyReadoutTransformer ended = _ml.Transforms.EarlyReadout(shorter).Fit(train);
        Assert.Equal(
            ended.Transform(train).GetColumn<float>("Readout1.Margin"), selected.Transform(train).GetColumn<float>("Readout1.Margin"));
    }

    [Fact]
    public void A_profile_says_what_was_put_in()
    {
        IDataView view = View(Predictions);
        ReadoutProfile profile = _ml.MulticlassClassification.ProfileReadouts(view, ["R"], groupColumnName: "Cue");
        Assert.Equal((5, 0.8, "b, x"), (profile.RowCount, profile.Accuracy, profile.WorstGroup));
        ReadoutResult read = profile.Readouts[0];
        Assert.Equal(0.4, read.Accuracy, 1e-9);
        Assert.Equal(0.7, read.RightMargins.Mean!.Value, 1e-6);
        Assert.Equal(1.6 / 3, read.WrongMargins.Mean!.Value, 1e-6);
        Assert.Equal(1.0, read.WorstGroupRecall!.Value, 1e-9);
        Assert.Equal(2.0 / 3, read.WorstGroupPrecision!.Value, 1e-9);
        Assert.Equal(1.0, read.WorstGroupAreaUnderRocCurve!.Value, 1e-9); // signals 0.8 and 0.6 in the group, 0, 0.2 and 0 outside
        Assert.Equal([1L, 0L], [read.RightMargins.Histogram[10], read.RightMargins.Histogram[11]]);
        Assert.Contains("\"worstGroupAreaUnderRocCurve\": 1", profile.ToJson(), StringComparison.Ordinal);
        Assert.Contains("worst group b, x", profile.ToString(), StringComparison.Ordinal);
        Assert.Null(_ml.MulticlassClassification.ProfileReadouts(view, ["R"]).Readouts[0].WorstGroupAreaUnderRocCurve);
        Assert.Contains(
            "'Q.PredictedLabel'",
            Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.ProfileReadouts(view, ["Q"])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_without_a_margin_counts_as_wrong_and_is_in_no_margin_signal_or_area()
    {
        ReadoutProfile profile = Profile([.. Predictions, Unread("b", "x")]);
        Assert.Equal((6, 4 / 6.0, "b, x"), (profile.RowCount, profile.Accuracy, profile.WorstGroup));
        ReadoutResult read = profile.Readouts[0];
        Assert.Equal(2 / 6.0, read.Accuracy, 1e-9);
        Assert.Equal((2, 3), (read.RightMargins.Count, read.WrongMargins.Count));
        Assert.Equal(1.6 / 3, read.WrongMargins.Mean!.Value, 1e-6);
        Assert.Equal((0, 3), (read.WrongMargins.Histogram[0], read.WrongMargins.Histogram.Sum()));
        Assert.Equal(3.0 / 4, read.WorstGroupPrecision!.Value, 1e-9);
        Assert.Equal(1.0, read.WorstGroupAreaUnderRocCurve!.Value, 1e-9);
        Assert.Equal(["a, x", "b, x", "b, y"], read.Groups.Select(group => group.Name));
        Assert.Equal([2L, 3, 1], read.Groups.Select(group => group.Count));
        Assert.Equal([0.5, 0, 1], read.Groups.Select(group => group.Accuracy));
        Assert.All(read.Groups.Zip(new[] { 0.1, 0.7, 0 }), pair => Assert.Equal(pair.Second, pair.First.MeanSignal, 1e-6));
        Assert.Contains("\"rowCount\": 6", profile.ToJson(), StringComparison.Ordinal);
        Assert.Contains("Rows without a margin, counted as wrong: 1", profile.ToString(), StringComparison.Ordinal);

        profile = Profile([.. Predictions, Unread("a", "y")]);
        Assert.Equal("a, y", profile.WorstGroup);
        read = profile.Readouts[0];
        Assert.Null(read.WorstGroupAreaUnderRocCurve); // nobody knows how sure the readout is of the group's only row
        Assert.Equal(0, read.Groups.Single(group => group.Name == "a, y").MeanSignal);
        Assert.Contains("\"worstGroup\": \"a, y\"", profile.ToJson(), StringComparison.Ordinal);

        ReadoutProfile Profile(Prediction[] rows) =>
            _ml.MulticlassClassification.ProfileReadouts(View(rows), ["R"], groupColumnName: "Cue");

        static Prediction Unread(string label, string cue) => new() { Label = label, Cue = cue, Margin = float.NaN };
    }

    [Theory]
    [InlineData(nameof(BiasedRow.Class))]
    [InlineData(nameof(BiasedRow.Number))]
    public void Readout_weights_are_a_column_that_stock_trainers_take(string label)
    {
        IDataView train = BiasedRow.View(_ml, label: label);
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(Options(new EarlyReadoutEstimator.Tap { Stage = 1 })).Fit(train);
        IDataView scored = model.Transform(train);
        IDataView weighted = _ml.Transforms.ReadoutWeight(alpha: 0.2, beta: 3).Fit(scored).Transform(scored);
        uint[] labels = [.. weighted.GetColumn<uint>("Label")], read = [.. weighted.GetColumn<uint>("Readout1.PredictedLabel")];
        float[] margins = [.. weighted.GetColumn<float>("Readout1.Margin")], weights = [.. weighted.GetColumn<float>("Weight")];
        Assert.Contains(weights, weight => weight > 1);
        for (int i = 0; i < weights.Length; i++)
            Assert.Equal(labels[i] == read[i] ? 1 : (float)new ReadoutWeighting(0.2, 3, null).OfWrong(margins[i]), weights[i], 1e-3f);
        Assert.NotEqual(Biases(null), Biases("Weight"));
        Assert.Contains(
            "beta is 90; it must be from 0 to 80", Assert.Throws<ArgumentException>(() => _ml.Transforms.ReadoutWeight(beta: 90)).Message,
            StringComparison.Ordinal);

        // Of one thread: with several, each waits for the others at every row.
        IEnumerable<float> Biases(string? weight) => _ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(new()
        {
            ExampleWeightColumnName = weight,
            NumberOfThreads = 1,
            MaximumNumberOfIterations = 10,
        }).Fit(weighted).Model.GetBiases();
    }

    private static Prediction[] Predictions =>
    [
        new() { Label = "a", Cue = "x", PredictedLabel = "a", Read = "a", Margin = 0.9f },
        new() { Label = "a", Cue = "x", PredictedLabel = "a", Read = "b", Margin = 0.2f },
        new() { Label = "b", Cue = "x", PredictedLabel = "a", Read = "a", Margin = 0.8f },
        new() { Label = "b", Cue = "y", PredictedLabel = "b", Read = "b", Margin = 0.5f },
        new() { Label = "b", Cue = "x", PredictedLabel = "b", Read = "a", Margin = 0.6f },
    ];

    private IDataView View(Prediction[] rows)
    {
        IDataView view = _ml.Data.LoadFromEnumerable(rows);
        return _ml.Transforms.Conversion.MapValueToKey("PredictedLabel").Fit(view).Transform(view);
    }

    private float[] Scores(EarlyReadoutEstimator.Options options, IDataView view)
    {
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(view);
        return [.. model.Transform(view).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    /// <summary>Options of readouts on a network that stays as it is, with all that they may have.</summary>
    private static EarlyReadoutEstimator.Options Untrained() => new()
    {
        TrainedPart = TrainedPart.None,
        Network = { WeightsPath = typeof(EarlyReadoutEstimatorTests).Assembly.Location }, // any file: it is read when a fit begins
        ReadoutEpochs = 2,
        ReadoutTiming = ReadoutTiming.Afterwards,
        GroupColumnName = "Cue",
        ValidationFraction = 0.2,
        BatchSize = 16,
        Optimizer = { LearningRate = 0.05 },
    };

    /// <summary>An Mlp for the rows, as a seed draws its weights, and those in a file.</summary>
    private static Mlp DrawnNetwork(string path)
    {
        NativeBackend.EnsureLoaded();
        var network = new Mlp(FeatureShape.Vector(4), [16], 4);
        using (var generator = new Generator(5)) network.Initialize(generator);
        SafetensorsFile.Write(path, network.state_dict());
        return network;
    }

    private static EarlyReadoutEstimator.Options Options(params EarlyReadoutEstimator.Tap[] taps) =>
        new() { Taps = taps, Network = { HiddenUnits = [16, 16] }, Epochs = 2, Optimizer = { LearningRate = 0.05 }, Seed = 3 };

    private static string[] Keys(IDataView view, string column) => ColumnAnnotation.Names(view.Schema[column], ColumnAnnotation.KeyValues)!;

    private sealed class Numbered
    {
        [VectorType(2)]
        public float[] Value { get; set; } = [];

        [KeyType(2)]
        public byte Label { get; set; }
    }

    private sealed class Prediction
    {
        public string Label { get; set; } = "";

        public string Cue { get; set; } = "";

        public string PredictedLabel { get; set; } = "";

        [VectorType(2)]
        public float[] Score { get; set; } = [0.5f, 0.5f];

        [ColumnName("R.PredictedLabel")]
        public string Read { get; set; } = "";

        [ColumnName("R.Margin")]
        public float Margin { get; set; }
    }
}
