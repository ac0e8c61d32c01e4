using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Makes a library load whose version needs the system does not meet although nothing in it uses them: the need is marked weak in a private
/// copy.
/// </summary>
/// <remarks>
/// TorchSharp's Linux shim was linked against a newer libstdc++ than Debian 12 and Ubuntu 22.04 have. The newest version it names belongs
/// to one symbol that a header mentions and no relocation binds, yet the dynamic linker refuses the whole library for it.
/// </remarks>
internal static class ShimRepair
{
    /// <summary>The version needs, not weak, that the system's libraries do not define.</summary>
    public static IReadOnlyList<ElfVersionNeed> FindUnmetNeeds(ElfImage image) =>
        [.. image.ReadVersionNeeds().Where(need => !need.IsWeak).GroupBy(need => need.Library)
            .SelectMany(needs => DefinedBySystem(needs.Key) is { } defined ? needs.Where(need => !defined.Contains(need.Version)) : [])];

    /// <summary>The library's bytes with the given needs marked weak.</summary>
    /// <exception cref="NativeBackendException">A bound symbol uses one of the needs, so the library cannot work on this
    /// system.</exception>
    public static byte[] MarkWeak(ElfImage image, IReadOnlyList<ElfVersionNeed> needs)
    {
        var byIndex = needs.ToDictionary(need => need.Index);
        string[] used = [.. image.ReadBoundSymbols().Where(symbol => byIndex.ContainsKey(symbol.VersionIndex))
            .Select(symbol => $"{symbol.Name} ({byIndex[symbol.VersionIndex]})")];
        if (used.Length > 0)
            throw new NativeBackendException(
                $"TorchSharp's native library uses symbols that this system's libraries do not have: {string.Join(", ", used)}. "
                    + "Run on a newer Linux, or with a newer libstdc++ (libstdc++6) and C library.");
        byte[] bytes = [.. image.Bytes];
        foreach (var need in needs)
        {
            var flags = bytes.AsSpan((int)need.FlagsOffset, 2);
            BinaryPrimitives.WriteUInt16LittleEndian(
                flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | ElfVersionNeed.WeakFlag));
        }
        return bytes;
    }

    /// <summary>
    /// Puts the bytes where they can be loaded from: a folder under <paramref name="cache"/> that is named by their hash.
    /// </summary>
    /// <returns>The whole file's path; a file that is already there is checked, not trusted.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static string Store(byte[] bytes, string fileName, string cache)
    {
        string folder = Path.Combine(cache, Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]), path = Path.Combine(folder, fileName);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
            return path;
        Directory.CreateDirectory(folder);
        string draft = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(draft, bytes);
            File.Move(draft, path, overwrite: true); // whole or not at all, whoever else is writing it
        }
        finally
        {
            File.Delete(draft);
        }
        return path;
    }

    /// <summary>Where this user's repaired libraries are kept, or null where the user has no home.</summary>
    public static string? UserCache()
    {
        string? root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!Path.IsPathRooted(root))
            root = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
                ? Path.Combine(home, ".cache")
                : null;
        return root is null ? null : Path.Combine(root, "mlsieve", "native");
    }

    // Null: the library or its file was not found, so what it defines is not known; loading will tell.
    private static IReadOnlySet<string>? DefinedBySystem(string library) =>
        NativeLibrary.TryLoad(library, out IntPtr handle) && LibC.FileOf(handle) is { } path
            ? ElfImage.Read(path).ReadDefinedVersions()
            : null;
}
