namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A C++ layout that training over ranks relies on: struct TCPStoreOptions of libtorch 2.10, which no function of it makes.
/// </summary>
/// <remarks>All bytes but these are 0: no number of workers, no wait for them, one store a port, a socket of its own, no libuv.</remarks>
internal static unsafe class TcpStoreOptions
{
    private const int Bytes = 64, Port = 0, IsServer = 2, Timeout = 32;

    /// <summary>The options, in memory that lives as long as the process.</summary>
    /// <param name="port">The port that the store listens at, or is at.</param>
    /// <param name="isServer">Whether this process serves it.</param>
    /// <param name="timeout">How long it waits for an answer.</param>
    public static nint Create(ushort port, bool isServer, TimeSpan timeout)
    {
        byte* options = CxxObjects.Allocate(Bytes);
        *(ushort*)(options + Port) = port;
        options[IsServer] = (byte)(isServer ? 1 : 0);
        *(long*)(options + Timeout) = (long)timeout.TotalMilliseconds;
        return (nint)options;
    }
}
