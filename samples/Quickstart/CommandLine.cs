using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Spectre.Console;

namespace Quickstart;

/// <summary>What surrounds the example: arguments, output folder, Ctrl+C, exit codes.</summary>
internal static class CommandLine
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int BadArguments = 2;
    private const int Cancelled = 130;

    /// <summary>Runs the example.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="example">Given options, output folder and a token that Ctrl+C cancels, returns the runs to record.</param>
    /// <returns>The process's exit code: 0, 1 after a failure, 2 for bad arguments, 130 after Ctrl+C.</returns>
    public static int Run(string[] arguments, Func<QuickstartOptions, string, CancellationToken, IReadOnlyList<Run>> example)
    {
        QuickstartOptions options;
        string output;
        try
        {
            options = QuickstartOptions.Parse(arguments);
            if (options.Help)
            {
                Console.WriteLine(QuickstartOptions.Usage);
                return Success;
            }

            output = options.Output is null
                ? Directory.CreateTempSubdirectory("quickstart-").FullName
                : Directory.CreateDirectory(options.Output).FullName;
            // better to hear now than after the training that it cannot be written
            if (options.Json is not null) RecordsFile.Prepare(options.Json, Study(options));
            if (options.ReportPath is not null) Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.ReportPath))!);
        }
        catch (Exception fault) when (fault is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{fault.Message}\n\n{QuickstartOptions.Usage}");
            return BadArguments;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            stop.Cancel();
        };
        try
        {
            IReadOnlyList<Run> runs = example(options, output, stop.Token);
            if (options.Json is not null) RecordsFile.Write(options.Json, Study(options), runs);
            return Success;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine(
                $"Cancelled. What was written so far is in {output}: run again with --output and that folder to go on.");
            return Cancelled;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException
            or InvalidDataException or TrialStoreException or NativeBackendException or TrainingOutOfMemoryException)
        {
            AnsiConsole.WriteLine();
            Console.Error.WriteLine(fault.Message);
            return Failure;
        }
    }

    private static string Study(QuickstartOptions options) => options.Search ? "quickstart-search" : "quickstart";
}
