using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>docs/training.md lists the options of a trainer: they must be those that there are.</summary>
public sealed partial class TrainingPageTests
{
    [Fact]
    public void The_table_of_all_options_has_every_option_of_every_trainer_once()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/training.md")).ReplaceLineEndings("\n");
        string table = Section().Match(page).Value;
        string[] named = [.. FirstCell().Matches(table).SelectMany(cell => Names(cell.Groups[1].Value))];
        string[] options =
        [
            .. Of(typeof(TrainerOptions), "").Except(["Optimizer", "Schedule"]),
            .. Of(typeof(OptimizerOptions), "Optimizer."),
            .. Of(typeof(ScheduleOptions), "Schedule."),
        ];
        Assert.Equal(options.Order(), named.Order());
    }

    [Fact]
    public void The_table_of_augmentation_has_every_option_of_it()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/training.md"));
        Assert.All(Of(typeof(AugmentationOptions), ""), option => Assert.Matches($@"(?m)^\| [^|]*`{option}`", page));
    }

    private static IEnumerable<string> Of(Type type, string prefix) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => prefix + property.Name);

    // Behind a name with a dot, the others of its cell are of the same options.
    private static IEnumerable<string> Names(string cell)
    {
        string prefix = "";
        foreach (Match name in Name().Matches(cell))
        {
            string text = name.Groups[1].Value;
            if (text.Contains('.', StringComparison.Ordinal)) prefix = text[..(text.IndexOf('.', StringComparison.Ordinal) + 1)];
            yield return text.Contains('.', StringComparison.Ordinal) ? text : prefix + text;
        }
    }

    [GeneratedRegex(@"(?s)## All options of a trainer\n.*?\n## ")]
    private static partial Regex Section();

    [GeneratedRegex(@"(?m)^\| (`[^|]*) \|")]
    private static partial Regex FirstCell();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
