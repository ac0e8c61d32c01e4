namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The native libraries that training needs (libtorch and TorchSharp's shim) could not be found or loaded; the message says what to add.
/// </summary>
public sealed class NativeBackendException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public NativeBackendException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What failed, and what to do about it.</param>
    public NativeBackendException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What failed, and what to do about it.</param>
    /// <param name="innerException">The cause.</param>
    public NativeBackendException(string message, Exception innerException) : base(message, innerException) { }
}
