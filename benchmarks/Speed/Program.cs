using MLSieve.Speed;

// Speed -- scoring: ratios of ways to do the same work, measured side by side in one run.
switch (args.FirstOrDefault())
{
    case "scoring":
        ScoringSpeed.Run();
        return 0;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Speed -- scoring");
        return 2;
}
