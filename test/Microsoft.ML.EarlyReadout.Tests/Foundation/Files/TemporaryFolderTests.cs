using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// A temporary folder that is missing, full or cannot be written: the error names it and what to set, and what the user sets counts.
/// </summary>
public sealed class TemporaryFolderTests
{
    private const int Width = 1000; // 300 rows are above the least memory budget, 1 MiB
    // Permissions do not bind root, and ML.NET makes a folder that is missing; below a file there can be none.
    private static readonly string _belowAFile = Path.Combine(typeof(TemporaryFolderTests).Assembly.Location, "tmp");
    private static readonly string _variable = OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";

    [Fact]
    public void Where_the_systems_temporary_folder_is_missing_that_of_the_context_serves_for_all()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the system chooses another folder.");
        OwnProcess.Run<TemporaryFolderTests>(nameof(In_a_process_without_temporary_folder), (_variable, _belowAFile));
    }

    [Theory]
    [InlineData("below a file")]
    [InlineData("that no one may write")]
    public void A_folder_that_does_not_serve_is_named_with_what_to_set(string folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux.");
        string path = folder == "below a file" ? _belowAFile : "/proc";
        Fails(new MLContext(seed: 1) { TempFilePath = path }, path).Dispose();
    }

    [Fact]
    public void A_full_disk_is_named_with_what_to_set()
    {
        using var disk = new SmallDisk(kibibytes: 4);
        File.WriteAllBytes(Path.Combine(disk.Folder, "full"), new byte[4096]);
        Fails(new MLContext(seed: 1) { TempFilePath = disk.Folder }, disk.Folder).Dispose();
        Assert.Single(Directory.EnumerateFileSystemEntries(disk.Folder));
    }

    [Fact]
    public void A_folder_whose_process_is_gone_goes_with_the_next_one_and_one_in_use_stays()
    {
        string root = Directory.CreateTempSubdirectory("temporary-root-").FullName;
        string own = TemporaryFolder.Prefix;
        Assert.Matches(@"^earlyreadout-\w+-$", own);
        try
        {
            Make(own + "killed", lockText: "1");
            string[] others =
            [
                Make(own + "beginning", lockText: ""), Make(own + "of-others"), Make("killed", lockText: "1"),
                // of other machines, whose locks a share need not show here
                Make("earlyreadout-elsewhere-running", lockText: "1"), Make($"{own[..^1]}2-running", lockText: "1"),
            ];
            string first;
            using (var held = new TemporaryFolder(Path.GetRelativePath(Environment.CurrentDirectory, root)))
            {
                first = held.Path;
                Assert.Equal(root, Path.GetDirectoryName(first)); // in full, since the current folder may change
                using var second = new TemporaryFolder(root);
                Assert.Equal(
                    others.Append(first).Append(second.Path).Order(StringComparer.Ordinal),
                    Directory.GetDirectories(root).Order(StringComparer.Ordinal));
            }

            Assert.Equal(others.Order(StringComparer.Ordinal), Directory.GetDirectories(root).Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        string Make(string name, string? lockText = null)
        {
            string folder = Directory.CreateDirectory(Path.Combine(root, name, "run-0000")).Parent!.FullName;
            if (lockText is not null) File.WriteAllText(Path.Combine(folder, "in-use.lock"), lockText);
            return folder;
        }
    }

    [Fact]
    public void A_folder_of_which_something_cannot_be_removed_keeps_its_lock_and_goes_later()
    {
        string root = Directory.CreateTempSubdirectory("temporary-root-").FullName;
        try
        {
            string killed = Path.Combine(root, TemporaryFolder.Prefix + "killed");
            using var disposed = new TemporaryFolder(root);
            string[] locks = [.. new[] { killed, disposed.Path }.Select(folder => Path.Combine(folder, "in-use.lock"))];
            string[] inUse = [.. new[] { killed, disposed.Path }.Select(folder => Path.Combine(folder, "a folder in use"))];
            foreach (string folder in inUse) Directory.CreateDirectory(folder);
            File.WriteAllText(locks[0], "1");
            using (new SmallDisk(kibibytes: 64, inUse[0])) // not even root removes it
            using (new SmallDisk(kibibytes: 64, inUse[1]))
            {
                disposed.Dispose();
                new TemporaryFolder(root).Dispose();
                Assert.All(locks, path => Assert.True(File.Exists(path), path));
            }

            disposed.Dispose();
            new TemporaryFolder(root).Dispose();
            Assert.Empty(Directory.EnumerateFileSystemEntries(root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void A_checkpoint_that_finds_the_disk_full_is_named_and_the_training_goes_on_once_there_is_room()
    {
        using var disk = new SmallDisk(kibibytes: 512);
        var ml = new MLContext(seed: 1);
        IDataView train = BiasedRow.View(ml, 64);
        EarlyReadoutEstimator.Options options = Options(epochs: 4);
        (options.CheckpointDirectory, options.CheckpointsKept) = (Path.Combine(disk.Folder, "checkpoints"), 1);
        var whole = new EarlyReadoutEstimator.Options { Taps = [], Epochs = 4, Seed = 1 };
        options.Progress = new Filling(Path.Combine(disk.Folder, "filling"));
        string message = Assert.Throws<IOException>(() => Fit(ml, options, train).Dispose()).Message;
        Assert.StartsWith(
            $"CheckpointDirectory '{options.CheckpointDirectory}' can no longer be written: ", message, StringComparison.Ordinal);
        Assert.Contains("fit again: the training goes on from the last whole checkpoint", message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(options.CheckpointDirectory), path => path.EndsWith(".partial", StringComparison.Ordinal));

        File.Delete(Path.Combine(disk.Folder, "filling"));
        options.Progress = null;
        List<string> log = [];
        ml.Log += (_, line) => log.Add(line.Message);
        using EarlyReadoutTransformer resumed = Fit(ml, options, train), straight = Fit(ml, whole, train);
        Assert.Contains(log, line => line.Contains("Going on from", StringComparison.Ordinal));
        Assert.Equal(straight.Graph.Bytes, resumed.Graph.Bytes);
    }

    [Fact(Explicit = true)]
    public void In_a_process_without_temporary_folder()
    {
        var ml = new MLContext(seed: 1);
        using EarlyReadoutTransformer model = Fails(ml, _belowAFile);
        Assert.ThrowsAny<IOException>(() => ml.Model.Save(model, null, Stream.Null)); // ML.NET's own temporary folder
        IDataView data = BiasedRow.View(ml, 20);
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"temporary-{Environment.ProcessId}")).FullName;
        try
        {
            ml.TempFilePath = folder;
            using var stream = new MemoryStream();
            ml.Model.Save(model, data.Schema, stream);
            stream.Position = 0;
            ITransformer loaded = ml.Model.Load(stream, out _);
            Assert.Equal(20, loaded.Transform(data).GetColumn<float[]>("Score").Count());
            (loaded as IDisposable)?.Dispose();
            using PredictionEngine<BiasedRow, Prediction> engine = ml.Model.CreatePredictionEngine<BiasedRow, Prediction>(model);
            Assert.Equal(4, engine.Predict(BiasedRow.Draw(1)[0]).Score.Length);
            List<string> log = [];
            ml.Log += (_, line) => log.Add(line.Message);
            using (EarlyReadoutTransformer wide = Fit(ml, Options(budget: 1), Large(ml)))
                Assert.Contains(log, line => line.Contains($"they go to a temporary file in '{folder}'", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Asserts that every use of the context's temporary folder names it; what needs none works.</summary>
    private static EarlyReadoutTransformer Fails(MLContext ml, string path)
    {
        IDataView data = BiasedRow.View(ml, 20);
        EarlyReadoutTransformer model = Fit(ml, Options(), data);
        Assert.Equal(20, model.Transform(data).GetColumn<float[]>("Score").Count());
        Names(() => ml.Model.CreatePredictionEngine<BiasedRow, Prediction>(model).Dispose());
        string rows = Names(() => Fit(ml, Options(budget: 1), Large(ml)).Dispose());
        Assert.Contains("Raise MemoryBudgetMebibytes.", rows, StringComparison.Ordinal);
        return model;

        string Names(Action act)
        {
            string message = Assert.Throws<IOException>(act).Message;
            Assert.Contains($"'{path}", message, StringComparison.Ordinal);
            Assert.Contains(
                $"Set MLContext.TempFilePath, or the environment variable {_variable} before the program starts, to a folder that can be "
                    + "written and has room.",
                message, StringComparison.Ordinal);
            return message;
        }
    }

    private static EarlyReadoutEstimator.Options Options(int epochs = 1, int budget = 4096) =>
        new() { Taps = [], Epochs = epochs, Seed = 1, MemoryBudgetMebibytes = budget };

    private static EarlyReadoutTransformer Fit(MLContext ml, EarlyReadoutEstimator.Options options, IDataView rows) =>
        ml.Transforms.EarlyReadout(options).Fit(rows);

    private static IDataView Large(MLContext ml)
    {
        IDataView rows = BiasedRow.View(ml, 300);
        return ml.Transforms.Concatenate("Features", [.. Enumerable.Repeat("Features", Width / 4)]).Fit(rows).Transform(rows);
    }

    /// <summary>Fills the disk in the second epoch.</summary>
    private sealed class Filling(string path) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Epoch < 2 || File.Exists(path)) return;
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            try
            {
                while (true) file.Write(new byte[1024]);
            }
            catch (IOException)
            {
                // full
            }
        }
    }
}
