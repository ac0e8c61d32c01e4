using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;
using Sweep;

SweepOptions options;
try
{
    options = SweepOptions.Parse(args);
}
catch (ArgumentException fault)
{
    Console.Error.WriteLine($"{fault.Message}\n\n{SweepOptions.Usage}");
    return ExitCode.FailsAgain;
}

if (options.Help)
{
    Console.WriteLine(SweepOptions.Usage);
    return 0;
}

// Ctrl+C, or what a scheduler sends before it kills: what is under way is paused, and handed to the other workers.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Pause);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Pause);

var ml = new MLContext(seed: 1);
try
{
    // Your own rows go here. In training the background gives the shape away in 19 of 20 pictures; in validation it misleads in half.
    IDataView train = Picture.Draw(ml, 2_000, agreement: 0.95, seed: 1);
    IDataView validation = Picture.Draw(ml, 600, agreement: 0.5, seed: 2);
    using SearchResult<FeatureSieveTrainer.Options> result = ml.MulticlassClassification.SearchFeatureSieve(new SieveSearchOptions
    {
        Trainer =
        {
            FeatureColumnName = nameof(Picture.Pixels),
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 16] },
            Steps = options.Steps,
            BatchSize = 32,
            Device = "cpu",
        },
        GroupColumnName = nameof(Picture.Background),
        Trials = options.Trials,
        Store = options.Store,
        Name = options.Name,
        CheckpointDirectory = options.Checkpoints,
        Lease = options.Lease,
        Workers = options.Workers,
        Progress = new Lines(),
        CancellationToken = stop.Token,
    }).Run(train, validation);
    Console.WriteLine();
    Console.WriteLine(result);
    if (options.Report is not null) result.CreateReport("Shapes on betraying backgrounds").Save(options.Report);
    if (options.Json is not null) File.WriteAllText(options.Json, result.ToJson());
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Paused. The same command goes on.");
    return ExitCode.Paused;
}
catch (Exception fault) when (ExitCode.Of(fault) is { } code)
{
    Console.Error.WriteLine(fault.Message);
    return code;
}

void Pause(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested; // the second one ends the program at once
    stop.Cancel();
}

/// <summary>Prints where the search stands, a line a report: in its order, as <see cref="Progress{T}"/> would not.</summary>
internal sealed class Lines : IProgress<SearchProgress>
{
    public void Report(SearchProgress value)
    {
        string best = value.BestTrial is null ? "" : FormattableString.Invariant($", best is {value.BestTrial} with {value.BestScore:F3}");
        string left = value.TimeLeft is { } time ? FormattableString.Invariant($", {time:hh\\:mm\\:ss} left") : "";
        string trials = FormattableString.Invariant($"{value.Done} of {value.Trials} trials done, {value.Stopped} stopped early");
        Console.WriteLine(FormattableString.Invariant($"{trials}, {value.Running} runs under way{best}{left}"));
    }
}
