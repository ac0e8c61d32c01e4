using Microsoft.ML.EarlyReadout;
using MLSieve.Speed;
using static TorchSharp.torch;

// Speed -- scoring|training|overhead|sparse: ratios of ways to do the same work, measured side by side in one run.
// Speed -- training NETWORK: one of its networks alone, Mlp, ConvNet, ResNet-18 or "ResNet-18, pretrained".
// Speed -- device: images a second on the GPU, or the CPU where there is none. Speed -- parity FILE: for torch_parity.py.
// Speed -- pipeline: reading and scoring a folder of JPEG by one thread and by several.
// Speed -- rows: how fast a file gives packed rows. Speed -- search: what halving saves, and what it costs.
switch (args.FirstOrDefault())
{
    case "scoring":
        ScoringSpeed.Run();
        return 0;
    case "training":
        Console.WriteLine($"Precision float32. Here {PrecisionSpeed.Of(images: true, CPU)}.");
        TrainingSpeed.Run(args.ElementAtOrDefault(1));
        return 0;
    case "sparse":
        SparseSpeed.Run();
        return 0;
    case "overhead":
        OverheadSpeed.Run();
        return 0;
    case "device":
        DeviceSpeed.Run();
        return 0;
    case "parity" when args.Length == 2:
        DeviceParity.Run(args[1]);
        return 0;
    case "pipeline":
        PipelineSpeed.Run();
        return 0;
    case "rows":
        RowSpeed.Run();
        return 0;
    case "search":
        SearchSpeed.Run();
        return 0;
    default:
        Console.Error.WriteLine(
            "Usage: dotnet run -c Release --project benchmarks/Speed -- scoring|training|overhead|sparse|pipeline|rows|search|device|"
                + "parity FILE");
        return 2;
}
