using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Where ONNX Runtime scores. Every session of ours is opened here.</summary>
/// <param name="Gpu">The GPU's number; <see langword="null"/>: the CPU.</param>
/// <param name="FallsBackToCpu">Whether a session that does not open on the GPU is opened on the CPU.</param>
internal sealed record ScoringDevice(int? Gpu, bool FallsBackToCpu = false)
{
    private const string CudaProvider = "CUDAExecutionProvider";

    static ScoringDevice() => OnnxTelemetry.SwitchOff(); // before any object of ONNX Runtime is made

    /// <summary>The CPU.</summary>
    public static ScoringDevice Cpu { get; } = new((int?)null);

    /// <summary>What <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> say, tried on a small graph.</summary>
    /// <param name="environment">The context, or what is behind its catalogs. A fall back to the CPU is a warning in its log.</param>
    /// <exception cref="InvalidOperationException">ONNX Runtime cannot use the GPU, and is not to fall back; the message says what to
    /// do.</exception>
    public static ScoringDevice Of(IHostEnvironment environment)
    {
        (int? gpu, bool fallsBack) = CatalogEnvironment.GpuOf(environment);
        if (gpu is not { } number) return Cpu;
        if (FaultOf(number) is not { } fault) return new ScoringDevice(gpu, fallsBack);
        string why = $"MLContext.GpuDeviceId is {gpu}, and ONNX Runtime cannot use that GPU: {fault.Message.Trim()} {Advice()}";
        if (!fallsBack)
        {
            throw new InvalidOperationException(
                $"{why} To score on the CPU, set GpuDeviceId to null, or FallbackToCpu to true.", fault);
        }

        using IChannel channel = environment.Start("Scoring");
        channel.Warning(MessageSensitivity.None, "{0}", $"Scoring is on the CPU (MLContext.FallbackToCpu). {why}");
        return Cpu;
    }

    /// <summary>Why ONNX Runtime cannot use a GPU; <see langword="null"/> where it can.</summary>
    public static OnnxRuntimeException? FaultOf(int gpu)
    {
        try
        {
            new ScoringDevice(gpu).Open(SmallGraph()).Dispose();
            return null;
        }
        catch (OnnxRuntimeException fault)
        {
            return fault;
        }
    }

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The bytes of an <c>.onnx</c> file.</param>
    /// <param name="set">Sets what the session is to be like.</param>
    /// <exception cref="OnnxRuntimeException">It does not open.</exception>
    public InferenceSession Open(byte[] graph, Action<SessionOptions>? set = null) =>
        Open(options => new InferenceSession(graph, options), set);

    /// <summary>Opens a session of an <c>.onnx</c> file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="OnnxRuntimeException">It does not open.</exception>
    public InferenceSession Open(string path) => Open(options => new InferenceSession(path, options), null);

    private InferenceSession Open(Func<SessionOptions, InferenceSession> open, Action<SessionOptions>? set)
    {
        if (Gpu is { } gpu)
        {
            try
            {
                using SessionOptions options = Options();
                using var cuda = new OrtCUDAProviderOptions();
                cuda.UpdateOptions(new Dictionary<string, string>
                {
                    ["device_id"] = gpu.ToString(CultureInfo.InvariantCulture),
                    ["use_tf32"] = "0", // with 10 bits of mantissa, scores would not be those of the network
                });
                options.AppendExecutionProvider_CUDA(cuda);
                return open(options);
            }
            catch (OnnxRuntimeException) when (FallsBackToCpu)
            {
                // as ML.NET's OnnxTransformer does
            }
        }

        using SessionOptions onCpu = Options();
        return open(onCpu);

        SessionOptions Options()
        {
            var options = new SessionOptions();
            // By itself it takes one thread where a virtual machine does not tell of cores, and one for each core of the machine where a
            // container may use few of them.
            if (ProcessorCores.Count is { } cores) options.IntraOpNumThreads = cores;
            set?.Invoke(options);
            return options;
        }
    }

    /// <summary>What a user can do where a GPU cannot be used.</summary>
    public static string Advice() => OrtEnv.Instance().GetAvailableProviders().Contains(CudaProvider)
        ? "See that CUDA 13 and cuDNN 9 are where the system finds libraries, that nvidia-smi lists the GPU, and that CUDA_VISIBLE_DEVICES "
            + "does not hide it."
        : "Reference the package Microsoft.ML.OnnxRuntime.Gpu.Linux (or Microsoft.ML.OnnxRuntime.Gpu.Windows) in place of "
            + "Microsoft.ML.OnnxRuntime.";

    private static byte[] SmallGraph()
    {
        var graph = new OnnxGraph("Device");
        graph.Output(graph.Node("Relu", [graph.Input("x", 1)]), "y", 1);
        return graph.ToBytes();
    }
}
