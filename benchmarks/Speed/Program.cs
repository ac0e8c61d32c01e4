using MLSieve.Speed;

// Speed -- scoring|training: ratios of ways to do the same work, measured side by side in one run.
switch (args.FirstOrDefault())
{
    case "scoring":
        ScoringSpeed.Run();
        return 0;
    case "training":
        TrainingSpeed.Run();
        return 0;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Speed -- scoring|training");
        return 2;
}
