using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

public sealed class OnnxTelemetryTests
{
    // Where one of these is set, ONNX Runtime takes the process for a build server's and writes nothing by itself.
    private static readonly string[] BuildServers =
    [
        "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TRAVIS", "JENKINS_URL", "CODEBUILD_BUILD_ID", "BUILDKITE",
        "TEAMCITY_VERSION", "APPVEYOR", "BITBUCKET_BUILD_NUMBER",
    ];

    [Fact]
    public void Scoring_leaves_no_telemetry_files_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The files are those that ONNX Runtime writes on Linux.");
        Assert.Empty(FilesOf(nameof(Child.Score)));
        // The check can fail: this is what ONNX Runtime does by itself.
        Assert.Contains(FilesOf(nameof(Child.StartOnnxRuntimeAlone)), path => path.EndsWith("onnxruntime.db", StringComparison.Ordinal));
    }

    private static string[] FilesOf(string test)
    {
        string home = Directory.CreateTempSubdirectory("home").FullName;
        string temporary = Directory.CreateDirectory(Path.Combine(home, "tmp")).FullName;
        OwnProcess.Run<Child>(test,
        [
            ("HOME", home), ("XDG_CACHE_HOME", null), ("TMPDIR", temporary), ("ORT_DISABLE_TELEMETRY", null),
            .. BuildServers.Select(name => (name, (string?)null)),
        ]);
        string[] files = [.. Directory.EnumerateFiles(home, "*", SearchOption.AllDirectories)];
        Directory.Delete(home, recursive: true);
        return files;
    }

    /// <summary>The tests that run in the other process.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Score()
        {
            var ml = new MLContext(seed: 1);
            IDataView data = Example.View(ml, Example.Draw(50));
            using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
            Assert.Equal(50, TransformTests.Read(model.Transform(data)).Length);
            ITransformer stock = TransformTests.Reload(model, data.Schema);
            TransformTests.AssertSameScores(TransformTests.Read(model.Transform(data)), TransformTests.Read(stock.Transform(data)));
            ((IDisposable)stock).Dispose();
            Assert.Null(Environment.GetEnvironmentVariable("ORT_DISABLE_TELEMETRY"));
        }

        [Fact(Explicit = true)]
        public void StartOnnxRuntimeAlone()
        {
            using var session = new InferenceSession(ExportedPrefix.Doubling(4, opset: 12));
            Assert.Equal(["features"], session.InputNames);
        }
    }
}
