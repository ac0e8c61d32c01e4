using MLSieve.Speed;

// Speed -- scoring|training|sparse: ratios of ways to do the same work, measured side by side in one run.
// Speed -- rows: how fast a file gives packed rows.
switch (args.FirstOrDefault())
{
    case "scoring":
        ScoringSpeed.Run();
        return 0;
    case "training":
        TrainingSpeed.Run();
        return 0;
    case "sparse":
        SparseSpeed.Run();
        return 0;
    case "rows":
        RowSpeed.Run();
        return 0;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Speed -- scoring|training|sparse|rows");
        return 2;
}
