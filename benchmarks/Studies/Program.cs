using Microsoft.ML.EarlyReadout.Search;
using Studies;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};
try
{
    StudyOptions options = StudyOptions.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(Usage.Text);
        return 0;
    }

    return new StudyProgram(options, stop.Token).Run();
}
catch (UsageException fault)
{
    Console.Error.WriteLine($"{fault.Message}\n\n{Usage.Text}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Cancelled. Finished runs are kept: the same command goes on from there.");
    return 130;
}
catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or InvalidOperationException
    or ArgumentException or TrialStoreException) // the library says so of options that are out of range, and of a store
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}
