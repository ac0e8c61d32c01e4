using System.IO.MemoryMappedFiles;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Rows in a file of the temporary folder, written as a stream and, once sealed, read through a memory map. The file goes with the store: on Unix it loses its name
/// as soon as it is open, elsewhere the system deletes it on closing, so that a process that is killed leaves nothing behind either.
/// </summary>
internal sealed unsafe class MappedRowStore : RowStore
{
    /// <summary>What the file's name starts with.</summary>
    public const string FilePrefix = "mlsieve-rows-";

    private const int BufferBytes = 1 << 20;

    private readonly string _path = Path.Combine(Path.GetTempPath(), FilePrefix + Guid.NewGuid().ToString("N"));
    private readonly FileStream _file;
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;
    private byte* _first;

    /// <summary>Creates an empty store.</summary>
    /// <param name="rowBytes">Bytes in a row.</param>
    /// <exception cref="IOException">The temporary folder cannot be written.</exception>
    public MappedRowStore(int rowBytes) : base(rowBytes)
    {
        try
        {
            _file = new FileStream(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferBytes,
                OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
            if (!OperatingSystem.IsWindows())
                File.Delete(_path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failed(error);
        }
    }

    /// <inheritdoc/>
    public override bool IsInMemory => false;

    /// <inheritdoc/>
    public override void Seal()
    {
        // Written as a stream up to here, because a full disk is an exception to a write but kills the process at a store into a map.
        try
        {
            _file.Flush();
        }
        catch (IOException error)
        {
            throw Failed(error);
        }
        if (Count == 0)
            return;
        _map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _first);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Row(long index)
    {
        ObjectDisposedException.ThrowIf(_first == null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)index, (ulong)Count, nameof(index));
        return new(_first + index * RowBytes, RowBytes);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_first != null)
        {
            _first = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }
        _view?.Dispose();
        _map?.Dispose();
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What was left in the buffer of a file that is thrown away did not fit on the disk.
        }
    }

    /// <inheritdoc/>
    protected override void Write(ReadOnlySpan<byte> row)
    {
        try
        {
            _file.Write(row);
        }
        catch (IOException error)
        {
            throw Failed(error);
        }
    }

    private IOException Failed(Exception error) => new(
        $"The packed training rows exceed the memory budget and cannot be written to the temporary file '{_path}': {error.Message} " +
        $"Raise {nameof(TrainerOptions.MemoryBudgetMebibytes)}, or let the variable {(OperatingSystem.IsWindows() ? "TEMP" : "TMPDIR")} name a folder with room.", error);
}
