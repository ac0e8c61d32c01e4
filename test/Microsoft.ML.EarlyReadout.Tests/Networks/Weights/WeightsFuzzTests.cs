using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// A weights file that someone else wrote, or a disk has damaged, loads or is an <see cref="InvalidDataException"/>: nothing else, in
/// bounded memory, and wholly or not at all.
/// </summary>
public sealed class WeightsFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Files = 10_000;
    private const long ManagedBytes = 8 << 20; // for a file of some kilobytes, whatever it says; a message about it included
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(2); // for one file: some milliseconds, unless it hangs
    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-fuzz-").FullName;

    /// <summary>Files that once did something else, or that are the hardest of their kind.</summary>
    public static TheoryData<string> Crashers =>
        [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Networks", "Weights", "Crashers"))
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal)];

    private string FilePath => Path.Combine(_folder, "weights.safetensors");

    [Fact]
    public void Ten_thousand_spoilt_files_load_or_are_invalid_data()
    {
        using StagedNetwork network = Network();
        byte[] whole = Written(network);
        var mutator = new FileMutator(seed: 2026);
        Tensor[] state = [.. State(network).Values];
        int loaded = 0, opened = 0;
        for (int i = 0; i < Files; i++)
        {
            byte[] spoilt = mutator.Safetensors(whole);
            File.WriteAllBytes(FilePath, spoilt);
            try
            {
                if (Opens()) opened++;
                if (Loads(network, state)) loaded++;
            }
            catch (Exception fault)
            {
                string kept = Path.Combine(AppContext.BaseDirectory, $"crasher{i}.safetensors");
                File.WriteAllBytes(kept, spoilt);
                throw new InvalidOperationException(
                    $"File {i}, kept as {kept}: move it to the folder Crashers once it is mended. {fault.Message}", fault);
            }
        }

        output.WriteLine($"{Files} files: {opened} opened, {loaded} loaded");
        // Other orders, free space and spoilt numbers that are finite are no faults; most of the rest is.
        Assert.InRange(loaded, Files / 100, Files / 2);
        Assert.InRange(opened, loaded, Files * 3 / 4);
    }

    [Theory]
    [MemberData(nameof(Crashers))]
    public void A_crasher_is_invalid_data_now(string file)
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Networks", "Weights", "Crashers", file), FilePath);
        using StagedNetwork network = Network();
        Assert.False(Opens());
        Assert.False(Loads(network, State(network).Values));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static StagedNetwork Network() => NetworkFactory.Create(
        new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4] }, FeatureShape.Image(3, 8, 8), PixelRange.Bytes, classes: 3,
        seed: 1, _ => { });

    private byte[] Written(StagedNetwork network)
    {
        using DisposeScope scope = NewDisposeScope();
        SafetensorsFile.Write(FilePath, State(network));
        return File.ReadAllBytes(FilePath);
    }

    /// <summary>Whether the file opens, and all its tensors can be read.</summary>
    private bool Opens() => Try(() =>
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(FilePath);
        foreach (string name in file.Names)
        {
            using Tensor tensor = file.Read(name);
            Assert.Equal(file.Shape(name), tensor.shape);
        }
    });

    /// <summary>Whether the file loads into the network; if not, the network is as it was.</summary>
    private bool Loads(StagedNetwork network, IReadOnlyCollection<Tensor> state)
    {
        byte[] before = Numbers(state);
        bool loads = Try(() => PretrainedWeights.Load(FilePath, network, _ => { }));
        if (!loads) Assert.Equal(before, Numbers(state));
        return loads;
    }

    private bool Try(Action read)
    {
        long start = GC.GetAllocatedBytesForCurrentThread(), began = Environment.TickCount64;
        using NativeLeakCheck check = NativeLeakCheck.Start();
        bool done = false;
        try
        {
            read();
            done = true;
        }
        catch (InvalidDataException fault)
        {
            Assert.Contains($"'{FilePath}'", fault.Message, StringComparison.Ordinal);
            Assert.True(fault.Message.Length < 10_000, $"a message of {fault.Message.Length} letters");
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 0, ManagedBytes);
        Assert.InRange(TimeSpan.FromMilliseconds(Environment.TickCount64 - began), TimeSpan.Zero, _longest);
        return done;
    }

    private static Dictionary<string, Tensor> State(StagedNetwork network) =>
        network.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
            .Concat(network.named_buffers(true, false).Select(entry => (entry.name, entry.buffer)))
            .ToDictionary(entry => entry.Item1, entry => entry.Item2);

    private static byte[] Numbers(IEnumerable<Tensor> state) => [.. state.SelectMany(tensor => tensor.bytes.ToArray())];
}
