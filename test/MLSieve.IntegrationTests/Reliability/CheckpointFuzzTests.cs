using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// A checkpoint that a disk has damaged, or someone has written who meant ill, is gone on from or is named: nothing else, and in bounded
/// memory.
/// </summary>
public sealed class CheckpointFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Files = 10_000;
    private const long ManagedBytes = 16 << 20; // for files of some kilobytes
    private static readonly Dictionary<string, string> _identity = new() { ["Epochs"] = "3", ["the seed"] = "1" };
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoint-fuzz-").FullName;
    private readonly TrainerOptions _options = new EarlyReadoutEstimator.Options { Optimizer = { Kind = OptimizerKind.Sgd } };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Ten_thousand_spoilt_checkpoints_are_gone_on_from_or_named()
    {
        _options.CheckpointDirectory = _folder;
        NativeBackend.EnsureLoaded();
        using var network = new WatchedNetwork(FeatureShape.Vector(4), 3, (_, input) => input.alias());
        using (var generator = new Generator(1, CPU)) network.Initialize(generator);
        using var step = new SupervisedStep(network, TrainedPart.All, EmpiricalRisk.Plain, _options.Optimizer, []);
        Save(network, step);
        string checkpoint = Directory.EnumerateDirectories(_folder, "checkpoint-*").Single();
        string[] paths = [.. Directory.EnumerateFiles(checkpoint), Directory.EnumerateFiles(_folder, "best-*").Single()];
        Dictionary<string, byte[]> whole = paths.ToDictionary(path => path, File.ReadAllBytes);
        Assert.True(GoesOn(network, step));

        var mutator = new FileMutator(seed: 2026);
        var random = new Random(2026);
        int went = 0;
        for (int i = 0; i < Files; i++)
        {
            string path = paths[i % paths.Length];
            byte[] spoilt = Path.GetExtension(path) switch
            {
                ".safetensors" => mutator.Safetensors(whole[path]),
                ".json" => mutator.Json(whole[path]),
                _ => mutator.Bytes(whole[path]),
            };
            File.WriteAllBytes(path, spoilt);
            bool mended = random.Next(4) > 0; // else the checksums alone would be tried
            if (mended && Path.GetFileName(path) != "SHA256SUMS") Mend(checkpoint);
            try
            {
                if (GoesOn(network, step)) went++;
            }
            catch (Exception fault)
            {
                string kept = Path.Combine(AppContext.BaseDirectory, $"crasher{i}-{Path.GetFileName(path)}");
                File.WriteAllBytes(kept, spoilt);
                throw new InvalidOperationException($"File {i}, kept as {kept}: {fault.Message}", fault);
            }

            File.WriteAllBytes(path, whole[path]);
            if (mended) File.WriteAllBytes(Path.Combine(checkpoint, "SHA256SUMS"), whole[Path.Combine(checkpoint, "SHA256SUMS")]);
        }

        output.WriteLine($"{Files} checkpoints: {went} gone on from");
        Assert.InRange(went, Files / 100, Files / 2); // other numbers and other orders are no faults
    }

    private void Save(StagedNetwork network, ITrainingStep step)
    {
        using TrainingCheckpoints checkpoints = Open();
        using var meters = new LossMeters(CPU, RankGroup.Single);
        using var best = new BestNetwork([network]);
        using (Tensor loss = ones([], float32)) meters.Add("main", loss, 5);
        var history = new TrainingHistory();
        history.Add(new TrainingPoint(7, 1, meters.Read(), 0.5));
        best.Update(7, 0.5);
        checkpoints.BeginLoop();
        checkpoints.GetOrCompute("errors", () => [1, 2, 3]);
        var loop = new ResumableLoop(TrainingPlan.TrainingProper, network, step.State, best, meters);
        checkpoints.Save(loop, 10, 7, hasBegunEpoch: true, hasModel: true, history, _ => { });
    }

    private TrainingCheckpoints Open()
    {
        TrainingCheckpoints checkpoints = TrainingCheckpoints.Open(_options, () => new(_identity), _ => { })!;
        try
        {
            Assert.NotEqual(Precision.Automatic, checkpoints.Precision);
            checkpoints.Require(Precision.Float32);
            return checkpoints;
        }
        catch
        {
            checkpoints.Dispose();
            throw;
        }
    }

    private bool GoesOn(StagedNetwork network, ITrainingStep step)
    {
        long start = GC.GetAllocatedBytesForCurrentThread();
        using NativeLeakCheck check = NativeLeakCheck.Start();
        bool went = false;
        try
        {
            using TrainingCheckpoints checkpoints = Open();
            using var meters = new LossMeters(CPU, RankGroup.Single);
            using var best = new BestNetwork([network]);
            checkpoints.Restore(new TrainingHistory());
            went = checkpoints.Resume(new(TrainingPlan.TrainingProper, network, step.State, best, meters)) is not null;
        }
        catch (Exception fault) when (fault is InvalidDataException or CheckpointMismatchException)
        {
            Assert.Contains(_folder, fault.Message, StringComparison.Ordinal);
            Assert.True(fault.Message.Length < 10_000, $"a message of {fault.Message.Length} letters");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 0, ManagedBytes);
        return went;
    }

    private static void Mend(string checkpoint)
    {
        string sums = Path.Combine(checkpoint, "SHA256SUMS");
        string[] names = [.. File.ReadAllLines(sums).Select(line => line[66..])];
        File.WriteAllText(
            sums,
            string.Concat(
                names.Select(
                    name => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(checkpoint, name))))}  {name}\n")),
            new UTF8Encoding(false));
    }
}
