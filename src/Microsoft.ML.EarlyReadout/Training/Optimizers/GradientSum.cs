using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Adds the gradients of all ranks, in place: one sum over ranks for all of them.</summary>
/// <remarks>
/// It keeps the memory that it sums in, which is as large as the gradients: to get it anew in each step can take longer than the sum.
/// </remarks>
internal sealed class GradientSum : IDisposable
{
    // By the layouts of the parameters, which are the same in all ranks and, as a rule, those of the gradients.
    private static readonly TensorScript _gather = new("gather", """
        def gather(all: Tensor, parameters: List[Tensor], gradients: List[Tensor]):
            start = 0
            for parameter, gradient in zip(parameters, gradients):
                torch.as_strided(all, parameter.size(), parameter.stride(), start).copy_(gradient)
                start += parameter.numel()
        """);

    private static readonly TensorScript _scatter = new("scatter", """
        def scatter(all: Tensor, parameters: List[Tensor], gradients: List[Tensor]):
            start = 0
            for parameter, gradient in zip(parameters, gradients):
                gradient.copy_(torch.as_strided(all, parameter.size(), parameter.stride(), start))
                start += parameter.numel()
        """);

    private Tensor? _memory;

    /// <summary>Adds them.</summary>
    /// <param name="parameters">The parameters, of one device and type.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="ranks">The ranks.</param>
    public void Apply(Tensor[] parameters, Tensor[] gradients, RankGroup ranks)
    {
        if (ranks.IsSingle || gradients.Length == 0) return;
        long count = parameters.Sum(parameter => parameter.numel());
        if (_memory is null || _memory.numel() < count)
        {
            _memory?.Dispose();
            _memory = empty([count], gradients[0].dtype, gradients[0].device).DetachFromDisposeScope();
        }

        using Tensor all = _memory.narrow(0, 0, count);
        _gather.Run(all, parameters, gradients);
        ranks.Sum(all);
        _scatter.Run(all, parameters, gradients);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory?.Dispose();
}
