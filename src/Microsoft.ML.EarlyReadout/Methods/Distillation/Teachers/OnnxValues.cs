using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Values that are disposed together.</summary>
internal sealed class OnnxValues(IReadOnlyList<OrtValue> values) : IDisposable
{
    public IReadOnlyList<OrtValue> Values => values;

    public void Dispose()
    {
        foreach (OrtValue value in values) value.Dispose();
    }
}
