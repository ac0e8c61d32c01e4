using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;

namespace Sweep;

/// <summary>What the end of the program says to whoever started it.</summary>
internal static class ExitCode
{
    /// <summary>It failed; another try may do better.</summary>
    public const int Failed = 1;

    /// <summary>It failed, and would again: a scheduler need not try.</summary>
    public const int FailsAgain = 2;

    /// <summary>It was interrupted; the same command goes on.</summary>
    public const int Paused = 130;

    /// <summary>That of an exception; <see langword="null"/> for those that are a fault of the program.</summary>
    public static int? Of(Exception fault) => fault switch
    {
        ArgumentException or SearchMismatchException or SearchFailedException or NativeBackendException => FailsAgain,
        // A row that could not be read. A disk may be back for the next try; a lost file, one that is cut short, or a wrong number is not.
        InvalidDataException => fault.GetBaseException() switch
        {
            FileNotFoundException or DirectoryNotFoundException or EndOfStreamException => FailsAgain,
            IOException => Failed,
            _ => FailsAgain,
        },
        TrialStoreException or IOException or UnauthorizedAccessException or TrainingOutOfMemoryException => Failed,
        _ => null,
    };
}
