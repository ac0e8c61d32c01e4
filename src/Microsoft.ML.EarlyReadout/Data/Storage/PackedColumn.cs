using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The packed numbers of a column that a method reads beside features, label and group.</summary>
/// <param name="Rows">The numbers. They go with this.</param>
/// <param name="AreSingle">Whether the column has one number a row rather than a vector.</param>
/// <threadsafety>All members but <see cref="Dispose"/> are thread-safe.</threadsafety>
internal sealed record PackedColumn(PackedRows Rows, bool AreSingle) : IDisposable
{
    /// <summary>Copies rows into a tensor, (B) for single numbers, else (B, …). It belongs to the caller's dispose scope.</summary>
    /// <param name="rows">The rows; at least one.</param>
    /// <param name="device">The device to bring them to.</param>
    public Tensor Gather(ReadOnlySpan<long> rows, Device device) => Shaped(Rows.Gather(rows, device));

    /// <summary>What <see cref="PackedRows.Fill"/> has filled, as it is handed out: (B) for single numbers, else (B, …).</summary>
    public Tensor Shaped(Tensor numbers) => AreSingle ? numbers.squeeze_(1) : numbers;

    /// <inheritdoc/>
    public void Dispose() => Rows.Dispose();
}
