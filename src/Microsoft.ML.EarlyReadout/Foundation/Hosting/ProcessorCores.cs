namespace Microsoft.ML.EarlyReadout;

/// <summary>How many cores this process may use.</summary>
internal static class ProcessorCores
{
    private const string Processors = "/sys/devices/system/cpu";

    /// <summary>Processors that share a core count once, and there are no more than .NET counts, which knows the limits of a container.
    /// <see langword="null"/> where the system does not list them as Linux does.</summary>
    public static int? Count { get; } = Directory.Exists(Processors) ? Math.Min(Listed(), Environment.ProcessorCount) : null;

    private static int Listed()
    {
        try
        {
            int cores = Directory.EnumerateDirectories(Processors, "cpu*")
                .Select(processor => Path.Combine(processor, "topology", "thread_siblings_list")).Where(File.Exists)
                .Select(File.ReadAllText).Distinct().Count();
            return cores == 0 ? int.MaxValue : cores;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return int.MaxValue;
        }
    }
}
