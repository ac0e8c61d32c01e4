using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>What <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> do where no GPU can be used: with the CPU's
/// build of ONNX Runtime, and with CUDA's (<c>-p:OnnxBackend=cuda</c>) without the libraries of CUDA.</summary>
public sealed class ScoringDeviceTests : IDisposable
{
    private const int Gpu = 3;
    private readonly string _folder = Directory.CreateTempSubdirectory("device").FullName;
    private readonly MLContext _ml = new(seed: 1);
    private readonly MLContext _asking = new(seed: 1) { GpuDeviceId = Gpu };
    private readonly MLContext _fallingBack = new(seed: 1) { GpuDeviceId = Gpu, FallbackToCpu = true };

    public ScoringDeviceTests() => Assert.SkipWhen(File.Exists("/dev/nvidiactl"), "This machine may have a GPU.");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool HasCuda => OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider");

    [Fact]
    public void The_gpu_of_a_context_is_found_behind_each_catalog()
    {
        IHostEnvironment[] places =
        [
            _fallingBack, CatalogEnvironment.Of(_fallingBack.MulticlassClassification), CatalogEnvironment.Of(_fallingBack.Transforms),
            CatalogEnvironment.Of(_fallingBack.MulticlassClassification.Trainers), CatalogEnvironment.Of(_fallingBack.Model),
        ];
        Assert.All(places, place => Assert.Equal((Gpu, true), CatalogEnvironment.GpuOf(place)));
        Assert.Equal((null, false), CatalogEnvironment.GpuOf(_ml));
    }

    [Fact]
    public void A_fit_for_a_gpu_that_cannot_score_fails_before_it_reads_a_row_and_says_what_to_do()
    {
        var unread = new CountingView(BiasedRow.View(_asking));
        var fault = Assert.Throws<InvalidOperationException>(() => Plain(_asking).Fit(unread));
        AssertSaysWhy(fault.Message);
        Assert.EndsWith("To score on the CPU, set GpuDeviceId to null, or FallbackToCpu to true.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, unread.Cursors);
    }

    [Fact]
    public void Without_a_fall_back_a_saved_model_is_refused_for_the_gpu_and_not_as_damaged()
    {
        string zip = Save(_ml);
        AssertSaysWhy(Assert.Throws<InvalidOperationException>(() => EarlyReadoutTransformer.Load(zip, _asking)).Message);
        using var stock = (TransformerChain<ITransformer>)_ml.Model.Load(zip, out _);
        AssertSaysWhy(Assert.Throws<InvalidOperationException>(() => EarlyReadoutTransformer.From(stock, _asking)).Message);
        AssertSaysWhy(Assert.Throws<InvalidOperationException>(() => EarlyReadoutTransformer.RestoreIn(stock, _asking)).Message);
        Assert.Equal(Gpu, _asking.GpuDeviceId);
    }

    [Fact]
    public void With_a_fall_back_all_that_scores_is_on_the_cpu_with_the_same_numbers_and_a_warning()
    {
        List<string> warnings = [];
        _fallingBack.Log += (_, line) =>
        {
            if (line.Kind == ChannelMessageKind.Warning) warnings.Add(line.RawMessage);
        };
        using EarlyReadoutTransformer model = OfPictures(_fallingBack), expected = OfPictures(_ml);
        AssertSaysWhy(Assert.Single(
            warnings, line => line.StartsWith("Scoring is on the CPU (MLContext.FallbackToCpu). ", StringComparison.Ordinal)));
        Assert.Equal(ScoringDevice.Cpu, model.Session.Device);

        string zip = Path.Combine(_folder, "model.zip");
        _fallingBack.Model.Save(model, Picture.View(_ml).Schema, zip);
        using var loaded = EarlyReadoutTransformer.Load(zip, _fallingBack);
        Assert.Equal(Gpu, _fallingBack.GpuDeviceId); // which only the stock sessions that are thrown away did without
        foreach (EarlyReadoutTransformer each in new[] { model, loaded }) Assert.Equal(Numbers(expected), Numbers(each));

        static float[] Numbers(EarlyReadoutTransformer model)
        {
            var ml = new MLContext(seed: 1);
            IDataView rows = Picture.View(ml);
            IDataView mapped = ml.Transforms.ClassActivationMap("Map", model).Fit(rows).Transform(rows);
            using PredictionEngine<Picture, Prediction> engine = ml.Model.CreatePredictionEngine<Picture, Prediction>(
                model, new PredictionEngineOptions { OwnsTransformer = false });
            StageProfile stages = ml.MulticlassClassification.ProfileStages(model, rows, rows, nameof(Picture.Class));
            return
            [
                .. model.Transform(rows).GetColumn<float[]>("Score").SelectMany(row => row),
                .. mapped.GetColumn<float[]>("Map").SelectMany(row => row),
                .. Picture.Draw(5).SelectMany(picture => engine.Predict(picture).Score),
                .. stages.Results.Select(stage => (float)stage.Accuracy),
            ];
        }
    }

    [Fact]
    public void A_saved_model_holds_no_gpu_the_context_that_loads_it_names_one()
    {
        using EarlyReadoutTransformer model = Plain(_fallingBack).Fit(BiasedRow.View(_fallingBack));
        DataViewSchema schema = BiasedRow.View(_ml).Schema;
        Assert.Equal(Entries(_ml), Entries(_fallingBack));

        string[] Entries(MLContext ml)
        {
            using var zip = new MemoryStream();
            ml.Model.Save(model, schema, zip);
            using var archive = new ZipArchive(zip);
            return [.. archive.Entries.OrderBy(entry => entry.FullName, StringComparer.Ordinal).Select(Content)];
        }

        static string Content(ZipArchiveEntry entry)
        {
            using Stream stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return $"{entry.FullName} {Convert.ToHexString(bytes.ToArray())}";
        }
    }

    [Fact]
    public void Stock_mlnet_refuses_the_gpu_in_its_own_words_and_falls_back_only_in_a_build_with_cuda()
    {
        string zip = Save(_ml);
        string refusal = HasCuda
            ? "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library"
            : "Unable to find an entry point named 'OrtSessionOptionsAppendExecutionProvider_CUDA' in shared library 'onnxruntime'.";
        Assert.Contains(refusal, Refusal(_asking), StringComparison.Ordinal);
        if (HasCuda) ((IDisposable)_fallingBack.Model.Load(zip, out _)).Dispose();
        else Assert.Contains(refusal, Refusal(_fallingBack), StringComparison.Ordinal);

        string Refusal(MLContext ml)
        {
            ml.TempFilePath = _folder; // where ML.NET leaves its copy of the graph once it has failed
            return Assert.ThrowsAny<Exception>(() => ml.Model.Load(zip, out _)).GetBaseException().Message;
        }
    }

    [Fact]
    public void A_teachers_file_is_scored_where_the_context_says()
    {
        string file = Path.Combine(_folder, "teacher.onnx");
        using (EarlyReadoutTransformer teacher = Plain(_ml).Fit(BiasedRow.View(_ml))) teacher.SaveAsOnnx(file);
        var options = new DebiasedDistillationTrainer.Options { Teacher = { OnnxPath = file }, Epochs = 1 };
        AssertSaysWhy(Assert.Throws<InvalidOperationException>(() => Scores(_asking)).Message);
        Assert.Equal(Scores(_ml), Scores(_fallingBack));

        float[] Scores(MLContext ml)
        {
            IDataView rows = BiasedRow.View(ml);
            using EarlyReadoutTransformer student = ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(rows);
            return [.. student.Transform(rows).GetColumn<float[]>("Score").SelectMany(row => row)];
        }
    }

    private static void AssertSaysWhy(string message)
    {
        Assert.Contains($"MLContext.GpuDeviceId is {Gpu}, and ONNX Runtime cannot use that GPU: ", message, StringComparison.Ordinal);
        string[] parts = HasCuda
            ? ["libcublasLt.so.13: cannot open shared object file", "See that CUDA 13 and cuDNN 9 are where the system finds libraries"]
            : ["CUDA execution provider is not enabled in this build.", "Reference the package Microsoft.ML.OnnxRuntime.Gpu.Linux"];
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static EarlyReadoutEstimator Plain(MLContext ml) =>
        ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Taps = [], Epochs = 1 });

    private static EarlyReadoutTransformer OfPictures(MLContext ml) => ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
    {
        FeatureColumnName = nameof(Picture.Pixels),
        Network = { Kind = NetworkKind.ConvNet, Channels = [4, 8] },
        Taps = [],
        Epochs = 1,
    }).Fit(Picture.View(ml));

    private string Save(MLContext ml)
    {
        string zip = Path.Combine(_folder, "plain.zip");
        IDataView rows = BiasedRow.View(ml);
        using EarlyReadoutTransformer model = Plain(ml).Fit(rows);
        ml.Model.Save(model, rows.Schema, zip);
        return zip;
    }
}
