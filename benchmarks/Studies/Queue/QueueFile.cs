namespace Studies;

/// <summary>
/// A queue: a text file with a line a study, the most valuable first. A line is what follows <c>run</c> on a command line; <c>#</c> begins
/// a comment.
/// </summary>
internal static class QueueFile
{
    /// <summary>The lines, without comments and empty ones.</summary>
    /// <exception cref="UsageException">There is no such file, or there is nothing in it.</exception>
    public static IReadOnlyList<string> Read(string file)
    {
        if (!File.Exists(file)) throw new UsageException($"no file {file}.");
        string[] lines = [.. File.ReadLines(file).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)];
        return lines.Length > 0 ? lines : throw new UsageException($"{file} has no line with a study.");
    }

    /// <summary>The studies of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="asked">The command line of the queue: its options hold for every line.</param>
    /// <exception cref="UsageException">The line is no command line of a study.</exception>
    public static IReadOnlyList<MethodStudy> Studies(string line, StudyOptions asked) => StudyList.Create(Options(line, asked));

    /// <summary>The folders that the studies of a line read and the data folder lacks.</summary>
    /// <param name="line">The line.</param>
    /// <param name="asked">The command line of the queue.</param>
    /// <exception cref="UsageException">The line is no command line of a study.</exception>
    public static IReadOnlyList<string> Missing(string line, StudyOptions asked)
    {
        StudyOptions options = Options(line, asked);
        return StudyList.Find(options).Missing(options);
    }

    private static StudyOptions Options(string line, StudyOptions asked) =>
        StudyOptions.Parse(["run", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. asked.Given]);
}
