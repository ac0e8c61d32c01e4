using System.Collections.Concurrent;
using System.Text.Json;

namespace Studies;

/// <summary>
/// The command <c>work</c>, a worker of a queue: it reads a <see cref="PlannedRun"/> a line, trains it, and answers a <see
/// cref="RunAnswer"/> a line. Data that a study has read stay in memory while runs are of the same line of the queue. The end of its input
/// stops it at any moment: a training is given up, a search paused and what it had under way handed back.
/// </summary>
internal sealed class QueueWork(StudyOptions options, CancellationToken cancellation)
{
    private string? _command;
    private IReadOnlyList<MethodStudy> _studies = []; // those of that line alone, whose rows are in memory

    /// <summary>Works until its input ends.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run()
    {
        TextWriter answers = Console.Out;
        Console.SetOut(Console.Error); // what a run prints is no answer
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var lines = new BlockingCollection<string>();
        new Thread(() => Read(lines, stop)) { IsBackground = true }.Start();
        try
        {
            foreach (string line in lines.GetConsumingEnumerable(stop.Token))
            {
                PlannedRun run = JsonSerializer.Deserialize<PlannedRun>(line, FinishedRun.Line)!;
                answers.WriteLine(JsonSerializer.Serialize(Answer(run, stop.Token), FinishedRun.Line));
                answers.Flush();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The input has ended.
        }
    }

    private static void Read(BlockingCollection<string> lines, CancellationTokenSource stop)
    {
        try
        {
            while (Console.ReadLine() is { } line) lines.Add(line);
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work was cancelled before its input ended.
        }
    }

    private RunAnswer Answer(PlannedRun run, CancellationToken stop)
    {
        try
        {
            return new RunAnswer(Study(run).Make(run, options.Out, Trainings(), stop), null);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            // One run's fault must not end a queue of hundreds; what it was is told to whoever asked for the run.
            Console.Error.WriteLine($"{run}: {fault}");
            return new RunAnswer([], $"{fault.GetType().Name}: {fault.Message}");
        }
    }

    // A training of a search has one thread, so this process trains as many at a time as it has processors; a GPU is shared as it is.
    private int? Trainings() => TrainingProcessor.IsGpu ? null : Math.Max(1, Environment.ProcessorCount / options.Workers);

    private MethodStudy Study(PlannedRun run)
    {
        if (run.Command != _command) (_studies, _command) = (QueueFile.Studies(run.Command, options), run.Command);
        return _studies.First(study => study.Name == run.Study);
    }
}
