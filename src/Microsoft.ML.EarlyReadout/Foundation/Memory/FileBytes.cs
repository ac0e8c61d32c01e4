using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Bytes in a file of the temporary folder, written as a stream and then read at any place. The file goes with the store: on Unix
/// it loses its name as soon as it is open, elsewhere the system deletes it on closing, so that a process that is killed leaves nothing
/// behind either.
/// </summary>
/// <remarks>
/// Read by calls, not through a memory map: its pages would count as this process's memory, a disk that fails would end the process, and a
/// map reads slower (cold rows of 12 KB, 1 GiB of memory for 2.4 GB: 46,000 a second by calls, 41,000 through a map, 184 through one whose
/// reads the system was not told of).
/// </remarks>
internal sealed class FileBytes : ByteStore
{
    /// <summary>What the file's name starts with.</summary>
    public const string FilePrefix = "mlsieve-rows-";

    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly FileStream _file;
    private SafeFileHandle? _readable;

    /// <summary>Creates an empty store.</summary>
    /// <param name="folder">The folder of the file.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public FileBytes(string folder)
    {
        _path = Path.Combine(folder, FilePrefix + Guid.NewGuid().ToString("N"));
        try
        {
            Directory.CreateDirectory(folder);
            // Random access: what a batch wants lies anywhere, so what follows it must not be read, too.
            _file = new FileStream(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferBytes,
                FileOptions.RandomAccess | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None));
            if (!OperatingSystem.IsWindows())
                File.Delete(_path);
        }
        catch (Exception error) when (TemporaryFolder.IsFault(error))
        {
            throw Failed(error);
        }
    }

    /// <inheritdoc/>
    public override bool IsInMemory => false;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(bytes);
        }
        catch (IOException error)
        {
            throw Failed(error);
        }
    }

    /// <inheritdoc/>
    public override void EndWriting()
    {
        try
        {
            _file.Flush();
            _readable = _file.SafeFileHandle;
        }
        catch (IOException error)
        {
            throw Failed(error);
        }
    }

    /// <inheritdoc/>
    public override void Read(long start, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(_readable!, destination, start);
            if (read == 0)
                throw new EndOfStreamException(
                    $"The temporary file of training rows '{_path}' ends before byte {start}: something else has cut it.");
            destination = destination[read..];
            start += read;
        }
    }

    /// <inheritdoc/>
    public override void Expect(long start, long length)
    {
        if (OperatingSystem.IsLinux())
            LibC.Expect(_readable!, start, length);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What was left in the buffer of a file that is thrown away did not fit on the disk.
        }
    }

    private IOException Failed(Exception error) => new(
        $"The packed training rows exceed the memory budget and cannot be written to the temporary file '{_path}': {error.Message} " +
        $"Raise {MemoryBudget.Option}. {TemporaryFolder.Advice}", error);
}
