using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A model's own account of itself in Markdown.</summary>
internal static class ModelCard
{
    /// <summary>Writes the card. Equal models have equal cards.</summary>
    public static string Of(EarlyReadoutTransformer model)
    {
        var card = new StringBuilder();
        TrainingRecord? training = model.Training;
        Line($"# Model card: {Text(training?.Network ?? "a classifier")} of {model.ClassCount} classes");
        Line($"");
        Line($"{(training is null ? "No trainer of this library made this model." : Origin(training))}");
        Line($"");
        Line($"## What it reads and answers");
        Table("", "", [
            ("feature column", $"`{model.FeatureColumnName}`, {model.FeatureColumnType}"),
            .. model.SecondTextColumnName is { } second ? new[] { ("column of second texts", $"`{second}`") } : [],
            ("one example of", model.Graph.Shape.Plural),
            ("classes", string.Join(", ", model.ClassNames)),
            ("probabilities", $"`{model.ScoreColumnName}`"),
            ("predicted class", $"`{model.PredictedLabelColumnName}`"),
            ("readouts", model.ReadoutNames.Count == 0 ? "none" : string.Join(", ", model.Columns.Readouts.Select(Readout))),
            ("class activation maps", model.HasActivationMaps ? "yes" : "no"),
        ]);
        if (training is not null) Data(training);
        if (model.History.Selected is { } kept) Training(kept);
        if (model.History.Settings.Count > 0)
        {
            Line($"");
            Line($"## Settings");
            Table("option", "value", model.History.Settings.OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .Select(entry => (entry.Key, $"`{entry.Value}`")));
        }

        Line($"");
        Line($"## What this card does not say");
        Line($"");
        Line(
            $"What the model is for, and for whom it must not be used. How it does on rows that are not like those of its validation:");
        Line($"`mlContext.MulticlassClassification.EvaluateByGroup` tells it by group, with intervals.");
        return card.ToString();

        void Data(TrainingRecord record)
        {
            Line($"");
            Line($"## What it was trained on");
            Table("class", "training rows", model.ClassNames.Zip(record.RowsByClass, (name, rows) => (name, Number(rows))));
            Line($"");
            Line($"Validation rows: {record.ValidationRows}.");
            Table("fingerprint", "", record.DataFingerprint.Select(entry => ($"training data's {entry.Key}", $"`{entry.Value}`"))
                .Concat(record.ValidationFingerprint.Select(entry => ($"validation data's {entry.Key}", $"`{entry.Value}`"))));
        }

        void Training(TrainingPoint kept)
        {
            Line($"");
            Line($"## How it did in training");
            TrainingPoint? refitted = model.History.Refitted;
            string last = refitted is null ? "" : "; its last layer was then fitted anew";
            string chosenAt = refitted is null ? "validation score" : "validation score before the last layer was fitted anew";
            Table("", "", [
                ("kept", FormattableString.Invariant($"the network of step {kept.Step}, after {kept.Epoch:0.##} epochs{last}")),
                .. kept.ValidationScore is { } score
                    ? new[] { ("chosen by", $"{model.History.Selection}"), (chosenAt, Share(score)) }
                    : [("chosen by", "no validation figure: it is the last")],
                ("arithmetic", $"{model.History.Precision}"),
                .. from meter in model.History.Meters
                   where kept.Losses.ContainsKey(meter.Name)
                   let value = meter.Unit.Factor() * kept.Losses[meter.Name]
                   select (meter.Label + meter.Unit.InWords(), value.ToString("G4", CultureInfo.InvariantCulture)),
                .. refitted?.ValidationScore is { } now ? new[] { ("validation score", Share(now)) } : [],
            ]);
            IReadOnlyList<ValidationGroup> groups = (refitted ?? kept).Groups;
            if (groups.Count == 0) return;
            Table("validation rows of", "right", groups.Select(group =>
                (group.Name,
                    FormattableString.Invariant($"{group.Correct} of {group.Count}, {Share((double)group.Correct / group.Count)}"))));
        }

        void Table(string left, string right, IEnumerable<(string, string)> rows)
        {
            Line($"");
            Line($"| {left} | {right} |");
            Line($"|---|---|");
            foreach ((string name, string value) in rows) Line($"| {Text(name)} | {Text(value)} |");
        }

        void Line(FormattableString text) => card.Append(FormattableString.Invariant(text)).Append('\n');
    }

    private static string Origin(TrainingRecord training) => FormattableString.Invariant(
        $"Trained by `{training.Trainer}` of MLSieve {training.LibraryVersion} with seed {training.Seed}; ")
        + FormattableString.Invariant($"{training.Parameters} parameters.");

    private static string Readout(ReadoutColumns readout) =>
        readout.Stage is { } stage ? FormattableString.Invariant($"{readout.Name} (stage {stage})") : readout.Name;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Share(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture) + " %";

    // A name of a class or a column must not end its cell, nor become part of the page.
    private static string Text(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal);
}
