using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ModelCardTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("card").FullName;

    [Fact]
    public void The_card_of_a_saved_model_is_the_approved_text()
    {
        IDataView rows = BiasedRow.View(_ml, 200);
        using EarlyReadoutTransformer fitted = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { Kind = NetworkKind.Mlp, HiddenUnits = [6] },
            Taps = [new() { Stage = 1 }],
            ValidationFraction = 0.2,
            GroupColumnName = "Cue",
            Epochs = 1,
            Seed = 5,
        }).Fit(rows);
        string zip = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(fitted, rows.Schema, zip);
        using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(zip, _ml);
        string approved = Path.Combine(Repository.Root, "test", "MLSieve.IntegrationTests", "Saving", "ModelCard.approved.md");
        string card = CardOf(model);
        Assert.Equal(CardOf(fitted), card);
        foreach ((string name, string value) in model.History.Settings) // those of every trainer are approved elsewhere
        {
            string line = $"| {name} | `{value.Replace("|", "\\|", StringComparison.Ordinal)}` |\n";
            Assert.Contains(line, card, StringComparison.Ordinal);
            card = card.Replace(line, "", StringComparison.Ordinal);
        }

        string expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";
        if (card == expected) return;
        string received = Path.Combine(AppContext.BaseDirectory, "ModelCard.received.md");
        File.WriteAllText(received, card);
        Assert.Fail($"The model card differs from {approved}. If that is meant, copy {received} over it in the same commit.");
    }

    [Fact]
    public void A_card_says_where_no_validation_figure_chose_the_network()
    {
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = { Kind = NetworkKind.Mlp, HiddenUnits = [6] },
            ValidationFraction = 0.2,
            Selection = SelectionMetric.LastEpoch,
            Epochs = 1,
        }).Fit(BiasedRow.View(_ml, 100));
        string card = CardOf(model);
        Assert.Contains("Validation rows: 20.\n", card, StringComparison.Ordinal);
        Assert.Contains("| chosen by | no validation figure: it is the last |\n", card, StringComparison.Ordinal);
        Assert.DoesNotContain("validation score", card, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_has_the_validation_figures_of_a_last_layer_that_was_fitted_anew()
    {
        IDataView rows = BiasedRow.View(_ml, 1000), validation = BiasedRow.View(_ml, 1000, seed: 2);
        using EarlyReadoutTransformer fitted = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Taps = [],
            GroupColumnName = "Cue",
            ValidationSet = validation,
            Selection = SelectionMetric.UnbiasedAccuracy,
            Objective =
            {
                Kind = ObjectiveKind.DeepFeatureReweighting,
                DeepFeatureReweighting = { Subsets = 3, Strengths = [1] },
            },
            Epochs = 3,
            Optimizer = { LearningRate = 0.05 },
            Seed = 3,
        }).Fit(rows);
        string zip = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(fitted, rows.Schema, zip);
        using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(zip, _ml);
        string card = CardOf(model);
        Assert.Equal(CardOf(fitted), card);

        GroupMetrics exported = _ml.MulticlassClassification.EvaluateByGroup(model.Transform(validation), "Cue");
        TrainingPoint kept = model.History.Selected!;
        Assert.NotEqual(kept.Groups, model.History.Refitted!.Groups);
        Assert.Contains("epochs; its last layer was then fitted anew |\n", card, StringComparison.Ordinal);
        Assert.Contains( // of the layer before, as the losses below it
            FormattableString.Invariant($"| validation score before the last layer was fitted anew | {100 * kept.ValidationScore:F1} % |\n")
                + "| arithmetic | Float32 |\n| main in nats | ",
            card, StringComparison.Ordinal);
        Assert.Contains(
            FormattableString.Invariant($" |\n| validation score | {100 * exported.UnbiasedAccuracy:F1} % |\n\n")
                + "| validation rows of | right |\n",
            card, StringComparison.Ordinal);
        foreach (GroupResult group in exported.Groups)
        {
            Assert.Contains(
                FormattableString.Invariant($"| {group.Name} | {group.Correct} of {group.Count}, {100 * group.Accuracy:F1} % |\n"), card,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Names_of_classes_do_not_break_a_table()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(
            BiasedRow.Draw(20).Select(row => new { row.Features, Class = row.Class + " | <b>\nnew" }).ToArray(), Sized());
        rows = _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(rows).Transform(rows);
        using EarlyReadoutTransformer model = new RandomClassifier().Over(rows.Schema);
        Assert.Contains(@"quarter 0 \| &lt;b> new", CardOf(model), StringComparison.Ordinal);

        static Microsoft.ML.Data.SchemaDefinition Sized()
        {
            var definition = Microsoft.ML.Data.SchemaDefinition.Create(new { Features = Array.Empty<float>(), Class = "" }.GetType());
            definition["Features"].ColumnType = new Microsoft.ML.Data.VectorDataViewType(Microsoft.ML.Data.NumberDataViewType.Single, 4);
            return definition;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string CardOf(EarlyReadoutTransformer model)
    {
        string path = Path.Combine(_folder, "card.md");
        model.SaveModelCard(path);
        return File.ReadAllText(path);
    }
}
