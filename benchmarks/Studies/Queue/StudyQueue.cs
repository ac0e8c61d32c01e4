using System.Diagnostics;

namespace Studies;

/// <summary>
/// The command <c>queue</c>: keeps several workers busy with the runs of several studies, the most valuable run that can be made first,
/// until all are made or time is up. This process alone decides and writes; a run counts once its line is in the file of its study, and
/// what was under way when the queue stopped is run again by the next. Searches by the library are shared by all workers that have
/// nothing more valuable to do; one that was stopped goes on.
/// </summary>
internal sealed class StudyQueue(StudyOptions options, CancellationToken cancellation)
{
    private const int Attempts = 2;
    private readonly FinishedRuns _finished = new(options.Out);
    private readonly Dictionary<PlannedRun, int> _failures = [];
    private readonly HashSet<PlannedRun> _givenUp = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Works the queue off.</summary>
    /// <returns>The exit code: 0 where everything was run or time was up, 1 where runs were given up.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another <c>run</c> or <c>queue</c> works on the folder.</exception>
    public async Task<int> RunAsync()
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (options.Minutes is { } minutes) time.CancelAfter(TimeSpan.FromMinutes(minutes));
        StudyPlan[] plans =
        [
            .. from line in QueueFile.Read(options.QueueFile)
               where HasData(line)
               from study in QueueFile.Studies(line, options)
               select new StudyPlan(study, line),
        ];
        using FileStream alone = FinishedRuns.Lock(options.Out);
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("studies-queue-");
        int threads = Math.Max(1, Environment.ProcessorCount / options.Workers);
        var workers = new Stack<QueueWorker>(Enumerable.Range(1, options.Workers).Reverse().Select(number =>
            new QueueWorker(options.Given, threads, Path.Combine(temporary.FullName, FormattableString.Invariant($"{number}")))));
        var busy = new Dictionary<Task<RunAnswer>, (QueueWorker Worker, PlannedRun Run)>();
        try
        {
            var stopped = Task.Delay(Timeout.Infinite, time.Token);
            while (!time.IsCancellationRequested)
            {
                while (workers.Count > 0 && Next() is { } run)
                {
                    QueueWorker worker = workers.Pop();
                    busy.Add(worker.RunAsync(run), (worker, run));
                }

                if (busy.Count == 0) break;
                Task ended = await Task.WhenAny([stopped, .. busy.Keys]);
                if (ended is Task<RunAnswer> answer && busy.Remove(answer, out (QueueWorker Worker, PlannedRun Run) done))
                {
                    workers.Push(done.Worker);
                    Keep(done.Run, await answer);
                }
            }
        }
        finally
        {
            await Task.WhenAll(workers.Concat(busy.Values.Select(each => each.Worker)).Select(worker => worker.DisposeAsync().AsTask()));
            temporary.Delete(recursive: true);
        }

        cancellation.ThrowIfCancellationRequested();
        Say(time.IsCancellationRequested
            ? FormattableString.Invariant(
                $"time is up; {busy.Count} runs under way were stopped{Paused()}, {Open().Distinct().Count()} or more are left")
            : "everything is run");
        foreach (PlannedRun run in _givenUp) Say($"given up after {Attempts} attempts: {run}");
        return _givenUp.Count > 0 ? 1 : 0;

        IEnumerable<PlannedRun> Open() => plans.SelectMany(plan => plan.Open(_finished, _givenUp));

        PlannedRun? Next() => Open().FirstOrDefault(run => run.IsShared || busy.Values.All(each => each.Run != run));

        string Paused()
        {
            string[] searches =
            [
                .. busy.Values.Where(each => each.Run.IsShared).Select(each => $"{each.Run.Study} {each.Run.Method}").Distinct(),
            ];
            return searches.Length == 0 ? "" : $" (searches that go on another time: {string.Join(", ", searches)})";
        }
    }

    private bool HasData(string line)
    {
        IReadOnlyList<string> missing = QueueFile.Missing(line, options);
        if (missing.Count > 0)
            Say($"{line}: skipped, since the data folder {options.Data ?? "(none given)"} has no {string.Join(" and no ", missing)}");
        return missing.Count == 0;
    }

    private void Keep(PlannedRun run, RunAnswer answer)
    {
        if (answer.Fault is null)
        {
            bool isNew = false;
            foreach (FinishedRun finished in answer.Runs) isNew |= _finished.Add(finished);
            if (isNew) Say(run.Tell(answer.Runs));
            return;
        }

        Say($"{run} failed: {answer.Fault}");
        if ((_failures[run] = _failures.GetValueOrDefault(run) + 1) == Attempts) _givenUp.Add(run);
    }

    private void Say(string what) => Console.WriteLine(FormattableString.Invariant($"[{_watch.Elapsed.TotalSeconds,6:F1} s] {what}"));
}
