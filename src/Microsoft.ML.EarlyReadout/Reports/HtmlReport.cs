using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A report as one HTML page that needs no network and holds no script. Immutable.</summary>
public sealed class HtmlReport
{
    internal HtmlReport(string html) => Html = html;

    /// <summary>The page.</summary>
    public string Html { get; }

    /// <summary>Writes the page, in UTF-8.</summary>
    /// <param name="stream">Where to.</param>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Encoding.UTF8.GetBytes(Html));
    }

    /// <summary>Writes the page as a file: wholly or not at all.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Save);
    }
}
