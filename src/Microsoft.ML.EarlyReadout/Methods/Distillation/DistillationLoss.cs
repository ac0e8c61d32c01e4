using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The teacher's term, row by row: <c>T²·KL( softmax(t/T) ‖ softmax(s/T) )</c>. T² keeps its gradients as large as those of the labels'
/// term.
/// </summary>
/// <remarks>"Distilling the Knowledge in a Neural Network", 2015.</remarks>
internal static class DistillationLoss
{
    /// <param name="student">s, (B, C).</param>
    /// <param name="teacher">t, (B, C).</param>
    /// <param name="temperature">T.</param>
    /// <returns>(B).</returns>
    public static Tensor Of(Tensor student, Tensor teacher, double temperature)
    {
        Tensor p = nn.functional.log_softmax(teacher.div(Scalars.Of(temperature)), 1);
        Tensor q = nn.functional.log_softmax(student.div(Scalars.Of(temperature)), 1);
        return p.exp().mul(p.sub(q)).sum(1).mul(Scalars.Of(temperature * temperature));
    }
}
