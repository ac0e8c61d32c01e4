using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Holds modules under a common prefix, for parameter names such as <c>features.3.squeeze.weight</c>: TorchSharp takes no dot within one
/// name.
/// </summary>
internal sealed class ModuleGroup(string name) : nn.Module(name)
{
}
