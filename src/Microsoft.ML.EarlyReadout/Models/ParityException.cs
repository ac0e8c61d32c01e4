namespace Microsoft.ML.EarlyReadout;

/// <summary>The exported graph does not compute what the trained network computes: a layer's two faces differ.</summary>
public sealed class ParityException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public ParityException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">The largest difference, the tolerance, and where among the rows that were compared.</param>
    public ParityException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">The largest difference, the tolerance, and where among the rows that were compared.</param>
    /// <param name="innerException">The cause.</param>
    public ParityException(string message, Exception innerException) : base(message, innerException) { }
}
