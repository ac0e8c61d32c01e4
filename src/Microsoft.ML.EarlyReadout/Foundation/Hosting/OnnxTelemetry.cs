using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>ONNX Runtime's telemetry. From 1.31 on it keeps a database and a device's identity in the user's cache folder on Linux too,
/// and sends what it gathers.</summary>
internal static class OnnxTelemetry
{
    /// <summary>Switches it off, if nothing in the process has started ONNX Runtime before; a variable ORT_DISABLE_TELEMETRY of the user's
    /// own stays as it is.</summary>
    public static void SwitchOff()
    {
        // On Linux the files are there before DisableTelemetryEvents can be called; only the variable comes early enough, and only where
        // native code sees it.
        if (OperatingSystem.IsWindows()) OrtEnv.Instance().DisableTelemetryEvents();
        else LibC.SetEnvironmentDefault("ORT_DISABLE_TELEMETRY", "1");
    }
}
