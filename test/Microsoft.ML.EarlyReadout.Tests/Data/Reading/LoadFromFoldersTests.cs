using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>Folders of images as people have them.</summary>
public sealed class LoadFromFoldersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mlsieve-folders-").FullName;
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public LoadFromFoldersTests() => _ml.Log += (_, message) =>
    {
        if (message.Kind == ChannelMessageKind.Warning) _warnings.Add(message.RawMessage);
    };

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_label_is_the_folder_s_name_at_any_depth_and_rows_are_in_the_order_of_names()
    {
        Draw("b/2.PNG", "b/deep/er/1.jpg", "a/1.png", "a b, c/ü.jpeg");
        IDataView view = _ml.Data.LoadFromFolders(_root);
        Assert.Equal(["Path", "Label"], view.Schema.Select(column => column.Name));
        Assert.Equal(["a", "a b, c", "b", "b"], view.GetColumn<string>("Label"));
        Assert.Equal(new[] { "a/1.png", "a b, c/ü.jpeg", "b/2.PNG", "b/deep/er/1.jpg" }.Select(Full), view.GetColumn<string>("Path"));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Other_files_are_passed_over_and_counted()
    {
        Draw("a/1.png", "b/1.png", "loose.png", "a/.hidden.png");
        foreach (string other in new[] { "a/Thumbs.db", "b/notes.txt", "readme.md" }) File.WriteAllText(Full(other), "x");
        Assert.Equal(["a", "b"], _ml.Data.LoadFromFolders(_root).GetColumn<string>("Label"));
        Assert.Equal(
            [
                $"3 files of '{_root}' are passed over, as they are no images. The first is '{Full("a/Thumbs.db")}'.",
                $"1 images of '{_root}' are passed over, as they lie in no folder of a label. The first is '{Full("loose.png")}'.",
            ], _warnings);
    }

    [Fact(Skip = "Linux lets one thread be another user.", SkipUnless = nameof(IsLinux))]
    [SupportedOSPlatform("linux")]
    public void A_folder_that_may_not_be_read_is_named()
    {
        Draw("bird/1.png", "frog/2.png");
        File.SetUnixFileMode(_root, File.GetUnixFileMode("/bin")); // the temporary folder is its owner's alone
        File.SetUnixFileMode(Full("frog"), UnixFileMode.None);
        Exception? fault = null;
        var user = new Thread(() =>
        {
            _ = setfsuid(65534); // nobody: root may read everything; for others it changes nothing
            fault = Record.Exception(() => _ml.Data.LoadFromFolders(_root));
        });
        user.Start();
        user.Join();
        File.SetUnixFileMode(Full("frog"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Contains($"'{Full("frog")}'", Assert.IsType<UnauthorizedAccessException>(fault).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_is_the_folder_below_the_label_s()
    {
        Draw("bird/land/1.png", "bird/water/2.png", "frog/water/deep/3.png");
        IDataView view = _ml.Data.LoadFromFolders(new ImageFolderOptions { Root = _root, GroupsAreFolders = true });
        Assert.Equal(["bird land", "bird water", "frog water"],
            view.GetColumn<string>("Label").Zip(view.GetColumn<string>("Group"), (label, group) => $"{label} {group}"));
        Draw("bird/4.png");
        var fault = Assert.Throws<InvalidDataException>(
            () => _ml.Data.LoadFromFolders(new ImageFolderOptions { Root = _root, GroupsAreFolders = true }));
        Assert.Equal($"The image '{Full("bird/4.png")}' lies in the folder of its label, not in one of a group below it. Move it, or set "
            + "GroupsAreFolders to false.", fault.Message);
    }

    [Fact]
    public void A_group_is_what_a_file_names()
    {
        Draw("bird/1.png", "bird/2, left.png");
        string[] lines = ["image,place,remark", "bird/1.png,land,a", "\"bird/2, left.png\",water,", "other/1.png,water,"];
        Assert.Equal(["land", "water"], Groups(lines).GetColumn<string>("Group").Order());
        Assert.Equal(["bird/1.png", "bird/2, left.png"],
            Groups(lines).GetColumn<string>("Path").Select(path => Path.GetRelativePath(_root, path)));

        Assert.Contains("has no group for the image 'bird/2, left.png'",
            Assert.Throws<InvalidDataException>(() => Groups(lines[..2])).Message, StringComparison.Ordinal);
        Assert.Contains("names two groups for the image 'bird/1.png': 'land' and 'water'",
            Assert.Throws<InvalidDataException>(() => Groups([.. lines, "bird/1.png,water,"])).Message, StringComparison.Ordinal);
        Assert.Contains("names no group for the image 'bird/1.png'",
            Assert.Throws<InvalidDataException>(() => Groups([lines[0], "bird/1.png,,"])).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(
            () => _ml.Data.LoadFromFolders(new ImageFolderOptions { Root = _root, GroupsPath = Full("missing.csv") }));
        Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromFolders(
            new ImageFolderOptions { Root = _root, GroupsPath = Full("groups.csv"), GroupsAreFolders = true }));
    }

    [Fact]
    public void A_folder_without_images_or_that_is_not_there_is_told()
    {
        File.WriteAllText(Full("notes.txt"), "x");
        Draw("loose.png");
        Assert.Contains("(files of other kinds: 1, images beside the subfolders: 1)",
            Assert.Throws<InvalidDataException>(() => _ml.Data.LoadFromFolders(_root)).Message, StringComparison.Ordinal);
        Assert.Contains("which is no folder", Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromFolders(Full("none"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_mixed_sizes_are_trained_on_and_scored_from_a_folder()
    {
        for (int file = 0; file < 12; file++) Draw(file + 4, file + 6, $"{(file % 2 == 0 ? "bird" : "frog")}/{file}.png");
        IDataView folder = _ml.Data.LoadFromFolders(_root);
        IEstimator<ITransformer> pipeline = _ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.Transforms.LoadImages("Image", null, "Path"))
            .Append(_ml.Transforms.ResizeImages("Image", 8, 8))
            .Append(_ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
            {
                FeatureColumnName = "Image", Epochs = 1, Network = { Kind = NetworkKind.ConvNet, Channels = [4] },
            }));
        ITransformer model = pipeline.Fit(folder);
        Assert.Equal(12, model.Transform(folder).GetColumn<float[]>("Score").Count());
        (model as IDisposable)?.Dispose();
    }

    public static bool IsLinux => OperatingSystem.IsLinux();

    [DllImport("libc")]
    private static extern int setfsuid(uint user);

    private IDataView Groups(string[] lines)
    {
        File.WriteAllLines(Full("groups.csv"), lines);
        return _ml.Data.LoadFromFolders(new ImageFolderOptions { Root = _root, GroupsPath = Full("groups.csv") });
    }

    private void Draw(params string[] names) => Array.ForEach(names, name => Draw(4, 5, name));

    private void Draw(int height, int width, string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Full(name))!);
        byte[] pixels = ImageFolder.Draw(height, width, name.Length % 3, new Random(name.Length));
        using var image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
        image.Save(Full(name));
    }

    private string Full(string name) => Path.Combine(_root, name);
}
