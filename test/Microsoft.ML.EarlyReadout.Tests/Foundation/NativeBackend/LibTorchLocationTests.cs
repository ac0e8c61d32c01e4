using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class LibTorchLocationTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("libtorch-");

    [Fact]
    public void A_given_folder_that_does_not_exist_is_an_error_that_names_it_and_what_to_do()
    {
        var error = Assert.Throws<NativeBackendException>(
            () => LibTorchLocation.Find("/nowhere/torch/lib", [Libtorch("app")], Packages, "0.107.0"));
        Assert.StartsWith("MLSIEVE_LIBTORCH names the folder '/nowhere/torch/lib', which does not exist.", error.Message);
        Assert.Contains("libtorch-cpu-linux-x64 2.10.0, TorchSharp-cpu or TorchSharp-cuda-linux", error.Message);
    }

    [Fact]
    public void A_given_folder_without_libtorch_is_an_error_that_lists_what_is_missing()
    {
        string folder = Folder("given", "libc10.so");
        var error = Assert.Throws<NativeBackendException>(() => LibTorchLocation.Find(folder, [Libtorch("app")], Packages, "0.107.0"));
        Assert.Contains($"'{folder}', which lacks libtorch_cpu.so, libtorch.so.", error.Message);
    }

    [Fact]
    public void A_given_folder_takes_its_shim_from_the_app()
    {
        string app = Folder("app", "libLibTorchSharp.so"), given = Libtorch("given");
        var found = LibTorchLocation.Find(given, [app], Packages, "0.107.0");
        Assert.Equal((given, Path.Combine(app, "libLibTorchSharp.so"), true), (found.Folder, found.Shim, found.IsGiven));
    }

    [Fact]
    public void A_given_folder_beside_a_libtorch_of_the_app_is_an_error_that_names_both()
    {
        string app = Libtorch("app", "libLibTorchSharp.so"), given = Libtorch("given");
        var error = Assert.Throws<NativeBackendException>(() => LibTorchLocation.Find(given, [app], Packages, "0.107.0"));
        Assert.Contains($"'{given}', but the app has a libtorch of its own, '{Path.Combine(app, "libtorch_cpu.so")}'", error.Message);
    }

    [Fact]
    public void A_given_folder_may_be_the_apps_own_or_a_link_to_it()
    {
        string app = Libtorch("app", "libLibTorchSharp.so"), linked = Folder("linked");
        foreach (string name in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
            File.CreateSymbolicLink(Path.Combine(linked, name), Path.Combine(app, name));
        Assert.Equal(app, LibTorchLocation.Find(app, [app], Packages, "0.107.0").Folder);
        Assert.Equal(linked, LibTorchLocation.Find(linked, [app], Packages, "0.107.0").Folder);
    }

    [Fact]
    public void Cuda_libraries_load_after_those_they_need_and_before_the_umbrella()
    {
        string app = Libtorch("app", "libLibTorchSharp.so", "libc10_cuda.so", "libtorch_cuda.so");
        Assert.Equal(["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"],
            LibTorchLocation.Find(null, [app], Packages, "0.107.0").Libraries.Select(Path.GetFileName));
    }

    [Fact]
    public void Restored_packages_are_found_last()
    {
        string runtime = Path.Combine("runtimes", "linux-x64", "native");
        string package = Libtorch(Path.Combine("packages", "libtorch-cpu-linux-x64", "2.10.0", runtime));
        string shim = Folder(Path.Combine("packages", "torchsharp", "0.107.0", runtime), "libLibTorchSharp.so");
        var found = LibTorchLocation.Find("", [Folder("app")], Packages, "0.107.0");
        Assert.Equal((package, Path.Combine(shim, "libLibTorchSharp.so"), false), (found.Folder, found.Shim, found.IsGiven));
    }

    [Fact]
    public void Nothing_anywhere_is_an_error_that_lists_the_folders_and_the_packages()
    {
        string app = Folder("app");
        var error = Assert.Throws<NativeBackendException>(() => LibTorchLocation.Find(null, [app], Packages, "0.107.0"));
        Assert.Contains(app, error.Message);
        Assert.Contains("or set MLSIEVE_LIBTORCH", error.Message);
        Assert.Contains("libLibTorchSharp.so is in none of these folders",
            Assert.Throws<NativeBackendException>(() => LibTorchLocation.Find(null, [Libtorch("other")], Packages, "0.107.0")).Message);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private string Packages => Path.Combine(_root.FullName, "packages");

    private string Libtorch(string name, params string[] more) => Folder(name, ["libc10.so", "libtorch_cpu.so", "libtorch.so", .. more]);

    private string Folder(string name, params string[] files)
    {
        string folder = _root.CreateSubdirectory(name).FullName;
        foreach (string file in files)
            File.WriteAllText(Path.Combine(folder, file), "");
        return folder;
    }
}
