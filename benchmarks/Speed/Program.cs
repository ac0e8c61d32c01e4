using Microsoft.ML.EarlyReadout;
using MLSieve.Speed;
using static TorchSharp.torch;

// Speed -- scoring|training|overhead|sparse: ratios of ways to do the same work, measured side by side in one run.
// Speed -- rows: how fast a file gives packed rows.
switch (args.FirstOrDefault())
{
    case "scoring":
        ScoringSpeed.Run();
        return 0;
    case "training":
        Console.WriteLine($"Precision float32. Here {PrecisionSpeed.Of(images: true, CPU)}.");
        TrainingSpeed.Run();
        return 0;
    case "sparse":
        SparseSpeed.Run();
        return 0;
    case "overhead":
        OverheadSpeed.Run();
        return 0;
    case "rows":
        RowSpeed.Run();
        return 0;
    default:
        Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Speed -- scoring|training|overhead|sparse|rows");
        return 2;
}
