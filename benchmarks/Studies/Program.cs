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
        Console.WriteLine(StudyOptions.Usage);
        return 0;
    }

    new StudyProgram(options, stop.Token).Run();
    return 0;
}
catch (UsageException fault)
{
    Console.Error.WriteLine($"{fault.Message}\n\n{StudyOptions.Usage}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Cancelled. Finished runs are kept where --out was given.");
    return 130;
}
catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or InvalidOperationException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}
