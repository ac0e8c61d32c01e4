using Microsoft.ML.EarlyReadout;
using Spectre.Console;

namespace Quickstart;

/// <summary>Shows how a training goes: a live bar on a terminal, a line an epoch where the output is redirected.</summary>
internal static class TrainingDisplay
{
    private const int BarWidth = 16;

    /// <summary>Runs a training and shows its progress.</summary>
    public static T Show<T>(string title, Func<IProgress<TrainingProgress>, T> train)
    {
        if (Console.IsOutputRedirected) return train(new LineProgress(title));
        return AnsiConsole.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = BarWidth }, new PercentageColumn())
            .Start(context =>
            {
                ProgressTask bar = context.AddTask(Markup.Escape(title));
                T result = train(new BarProgress(title, bar));
                bar.Value = bar.MaxValue;
                return result;
            });
    }

    /// <summary>A line on where a training stands.</summary>
    public static string Full(string title, TrainingProgress progress)
    {
        string losses = string.Join(", ", progress.Losses.Where(loss => !loss.Key.StartsWith("Readout", StringComparison.Ordinal))
            .OrderBy(loss => loss.Key != "main")
            .Select(loss => FormattableString.Invariant($"{loss.Key} {loss.Value:F3}")));
        return FormattableString.Invariant(
            $"{title}: epoch {progress.Epoch}/{progress.Epochs}, step {progress.Step}/{progress.StepsPerEpoch}, {losses}, ")
                + FormattableString.Invariant($"{progress.RowsPerSecond:F0} rows/s{Left(progress)}");
    }

    // A terminal may have no more than 80 columns, and the bar needs some of them.
    private static string Short(string title, TrainingProgress progress) => FormattableString.Invariant(
        $"{title} {progress.Epoch}/{progress.Epochs}, loss {progress.Losses.GetValueOrDefault("main"):F3}, {progress.RowsPerSecond:F0} ")
            + $"rows/s{Left(progress)}";

    private static string Left(TrainingProgress progress) =>
        progress.TimeLeft is { } time ? $", {SearchDisplay.Left(time)} left" : "";

    // The library reports in order from the training thread; Progress<T> would post to the thread pool and mix the order up.
    private sealed class BarProgress(string title, ProgressTask bar) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            bar.Description = Markup.Escape(Short(title, value));
            bar.Value = bar.MaxValue * (value.Epoch - 1 + ((double)value.Step / value.StepsPerEpoch)) / value.Epochs;
        }
    }

    private sealed class LineProgress(string title) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step == value.StepsPerEpoch) Console.WriteLine(Full(title, value));
        }
    }
}
