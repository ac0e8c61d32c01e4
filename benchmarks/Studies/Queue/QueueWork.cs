using System.Text.Json;

namespace Studies;

/// <summary>
/// The command <c>work</c>, a worker of a queue: it reads a <see cref="PlannedRun"/> a line, trains it, and answers a <see
/// cref="RunAnswer"/> a line. Data that a study has read stay in memory for its next run.
/// </summary>
internal sealed class QueueWork(StudyOptions options, CancellationToken cancellation)
{
    private readonly Dictionary<(string Command, string Name), MethodStudy> _studies = [];

    /// <summary>Works until its input ends.</summary>
    public void Run()
    {
        TextWriter answers = Console.Out;
        Console.SetOut(Console.Error); // what a run prints is no answer
        while (Console.ReadLine() is { } line)
        {
            PlannedRun run = JsonSerializer.Deserialize<PlannedRun>(line, FinishedRun.Line)!;
            answers.WriteLine(JsonSerializer.Serialize(Answer(run), FinishedRun.Line));
            answers.Flush();
        }
    }

    private RunAnswer Answer(PlannedRun run)
    {
        try
        {
            MethodStudy study = Study(run);
            Method method = study.Asked().Single(method => method.Name == run.Method);
            Candidate candidate = method.Candidates.Single(candidate => candidate.Setting == run.Setting);
            RunResult result = study.Train(method, candidate, run.Seed, run.Phase == RunPhase.Final, cancellation);
            return new RunAnswer(FinishedRun.Of(run, study, result), null);
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            // One run's fault must not end a queue of hundreds; what it was is told to whoever asked for the run.
            Console.Error.WriteLine($"{run}: {fault}");
            return new RunAnswer(null, $"{fault.GetType().Name}: {fault.Message}");
        }
    }

    private MethodStudy Study(PlannedRun run)
    {
        if (_studies.TryGetValue((run.Command, run.Study), out MethodStudy? known)) return known;
        foreach (MethodStudy study in QueueFile.Studies(run.Command, options)) _studies[(run.Command, study.Name)] = study;
        return _studies[(run.Command, run.Study)];
    }
}
