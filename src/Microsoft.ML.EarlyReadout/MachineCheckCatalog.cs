using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>The check of the machine, for a first start and for reports of bugs.</summary>
public static class MachineCheckCatalog
{
    /// <summary>
    /// Checks whether this machine can train and score: versions, native libraries, processor, GPUs, memory and the temporary folder.
    /// </summary>
    /// <param name="context">The context: its <see cref="MLContext.TempFilePath"/> and <see cref="MLContext.GpuDeviceId"/> are
    /// checked.</param>
    /// <returns>What was found; <c>ToString()</c> prints it as a table.</returns>
    /// <remarks>
    /// What is wrong is a problem in the result, never an exception. It loads libtorch and ONNX Runtime unless they are loaded, writes a
    /// small file to the temporary folder and removes it, and takes about a second. Thread-safe. Takes no random numbers.
    /// </remarks>
    public static MachineCheck CheckMachine(this MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new MachineChecker(context).Check();
    }
}
