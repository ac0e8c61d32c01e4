using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// The rows of a fit, as a method has prepared them. One that adds columns derives from this to keep, and let go of, what makes them.
/// </summary>
/// <param name="View">The rows to train on.</param>
/// <param name="Scored">The schema of rows that the fitted model will score: without what was added for training alone.</param>
[Experimental(ExperimentalId.OwnMethod)]
public record FitRows(IDataView View, DataViewSchema Scored) : IDisposable
{
    /// <summary>Lets go of what prepared them.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
