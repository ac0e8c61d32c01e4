namespace MLSieve.Tests;

/// <summary>The memory that the process holds: managed and native.</summary>
public static class ResidentMemory
{
    /// <summary>Mebibytes that are resident once garbage is collected and finalizers have run.</summary>
    public static double Settled()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Environment.WorkingSet / 1024.0 / 1024.0;
    }
}
