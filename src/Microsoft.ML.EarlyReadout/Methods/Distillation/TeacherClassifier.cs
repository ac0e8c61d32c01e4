using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The teacher's last linear layer, recovered from what it reads and what it puts out: least squares over the training rows.
/// </summary>
/// <param name="Layer">The layer.</param>
/// <param name="ReadsRectified">Whether no feature of any training row is below 0, as after a ReLU.</param>
internal sealed record TeacherClassifier(Linear Layer, bool ReadsRectified)
{
    private const double Ridge = 1e-8;
    private const double LeastFit = 0.999;
    private const double LeastVariation = 1e-9; // of the sum of squares: what is less may be float32's rounding

    /// <summary>Recovers the layer; of feature maps it reads the means. Softmax does not see a number added to all logits, so the logits
    /// are taken without their mean. Rows that have lost one of them are left out, unless too few are left.</summary>
    /// <param name="session">The training, with teacher's features and scores.</param>
    /// <param name="teacher">How to read the scores.</param>
    /// <param name="column">The column of the features.</param>
    /// <exception cref="ArgumentException">The scores are not a linear function of the features.</exception>
    public static TeacherClassifier Recover(TrainingSession session, TeacherScores teacher, string column)
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        TrainingSet set = session.Training.Set;
        PackedRows features = set.Columns[column].Rows;
        int width = features.Shape.Channels;
        Tensor gram = zeros(width + 1, width + 1, float64, CPU), moment = zeros(width + 1, set.Classes, float64, CPU);
        double total = 0, least = 0;
        long known = teacher.AreProbabilities ? 0 : session.Training.Indices.Length;
        if (teacher.AreProbabilities) ForEachBatch(batch => known += teacher.Known(batch).shape[0]);
        long lost = session.Training.Indices.Length - known;
        bool leavesOut = lost > 0 && known >= 2 * (width + 1); // fewer could be met whatever the features are
        ForEachPair((inputs, logits) =>
        {
            Tensor squares = inputs.t().matmul(inputs), products = inputs.t().matmul(logits);
            total += logits.mul(logits).sum().ToDouble();
            gram.add_(squares, Scalars.One);
            moment.add_(products, Scalars.One);
        });

        // About the mean, which the layer's bias gives whatever the features are.
        Tensor sums = moment.select(0, width); // (C)
        double variation = total - sums.mul(sums).sum().ToDouble() / (leavesOut ? known : session.Training.Indices.Length);

        // A ridge far below the data's own scale, for features that are always zero.
        gram.diagonal().add_(gram.diagonal().mean().mul(Scalars.Of(Ridge)), Scalars.One);
        Tensor solution = linalg.solve(gram, moment); // (D + 1, C)
        double residual = 0;
        ForEachPair((inputs, logits) =>
        {
            Tensor difference = logits.sub(inputs.matmul(solution));
            residual += difference.mul(difference).sum().ToDouble();
        });
        // The ridge may leave a little more than the mean does: that is a fit of nothing.
        double fit = Math.Max(0, 1 - residual / Math.Max(variation, LeastVariation * total));
        string rows = FormattableString.Invariant($"{lost} rows {(leavesOut ? "that " : "")}have a probability too small for a number");
        string note = lost == 0 ? "" : leavesOut ? $", without {rows}" : $"; {rows}, and too few are left without them";
        session.Log(
            FormattableString.Invariant($"Teacher: its classifier explains {fit:P2} of its scores' variance from {width} features{note}."));
        if (!(fit >= LeastFit))
        {
            throw new ArgumentException(
                FormattableString.Invariant(
                    $"The teacher's scores are not a linear function of its features: the best one explains {fit:P1} of their variance. ")
                    + "Give the features that the teacher's last linear layer reads, and its logits rather than probabilities.");
        }
        Tensor weight = solution.narrow(0, 0, width).t(), bias = solution.select(0, width);
        return new TeacherClassifier(new Linear(weight.to(float32), bias.to(float32)), least >= 0);

        void ForEachPair(Action<Tensor, Tensor> use) => ForEachBatch(batch =>
        {
            Tensor logits = teacher.Logits(batch).to(float64);
            Tensor maps = FeatureMatchingStep.Maps(batch.Column(column));
            least = Math.Min(least, maps.min().ToDouble());
            Tensor inputs = cat([maps.mean([2, 3], type: float64), ones(batch.Count, 1, float64, CPU)], 1);
            logits = logits.sub(logits.mean([1], keepdim: true));
            if (leavesOut)
            {
                Tensor whole = teacher.Known(batch);
                (inputs, logits) = (inputs.index_select(0, whole), logits.index_select(0, whole));
            }

            use(inputs, logits);
        });

        // A batch that finds no memory comes again, smaller: what is kept of it is kept last.
        void ForEachBatch(Action<Batch> use) => new EvaluationBatches(CPU, session.Cancellation).ForEach(
            session.Training, BytesPerRow(set, features), (_, batch) => use(batch));
    }

    /// <summary>The row as it is stored, and what is made of it in float64.</summary>
    private static long BytesPerRow(TrainingSet set, PackedRows features) =>
        (set.Shape.Size + (4L * (features.Shape.Size + set.Classes))) * sizeof(double);
}
