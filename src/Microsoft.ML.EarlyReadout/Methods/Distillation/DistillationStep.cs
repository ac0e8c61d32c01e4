using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Trains the student on labels and teacher, each row with its weight:
/// <c>L_i = (1−λ)·CE(s_i, y_i) + λ·w_i·T²·KL( softmax(t_i/T) ‖ softmax(s_i/T) )</c>.
/// </summary>
internal sealed class DistillationStep : ITrainingStep
{
    private readonly StagedNetwork _student;
    private readonly TeacherScores _teacher;
    private readonly DebiasedDistillationTrainer.Options _options;
    private readonly Func<int, float[]?> _newWeights;
    private readonly Optimizer _optimizer;
    private readonly TeacherTargets _targets;
    private readonly LabelLoss _loss;
    private readonly Tensor _weights; // (N)

    /// <param name="student">The student, on its device.</param>
    /// <param name="teacher">How to read the teacher's scores.</param>
    /// <param name="options">The options; already validated.</param>
    /// <param name="rows">The rows of the packed set; each weight starts at 1.</param>
    /// <param name="newWeights">Given an epoch, from 1: the weight of each row from then on, or <see langword="null"/> where the weights
    /// stay.</param>
    /// <param name="targets">Gives a batch what the teacher says of it.</param>
    /// <param name="loss">The loss of a row against its label, and how much the row counts.</param>
    public DistillationStep(
        StagedNetwork student, TeacherScores teacher, DebiasedDistillationTrainer.Options options, long rows,
        Func<int, float[]?> newWeights, TeacherTargets targets, LabelLoss loss)
    {
        _student = student;
        _teacher = teacher;
        _options = options;
        _newWeights = newWeights;
        _targets = targets;
        _loss = loss;
        _weights = ones(rows, float32, student.parameters().First().device).DetachFromDisposeScope();
        _optimizer = Optimizer.Create(options.Optimizer, student);
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => [.. ModuleState.Under("optimizer/", _optimizer.State), ("weights", _weights)];

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters =>
    [
        new("main", MeterUnit.Nats), new("labels", MeterUnit.Nats), new("teacher", MeterUnit.Nats), new("weight", MeterUnit.Number),
    ];

    /// <inheritdoc/>
    public void BeforeEpoch(int epoch)
    {
        if (_newWeights(epoch) is not { } weights) return;
        using Tensor renewed = tensor(weights, device: CPU);
        _weights.copy_(renewed);
    }

    /// <inheritdoc/>
    Func<Batch, Batch>? ITrainingStep.OnCpu => _targets.Teach;

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        Tensor logits = _student.call(batch.Features); // (B, C)
        Tensor labels = _loss.OfEach(logits, batch); // (B)
        Tensor teacher = DistillationLoss.Of(logits, _teacher.Logits(batch), _options.Temperature);
        teacher = _loss.Weigh(teacher, batch); // (B)
        Tensor weights = batch.Take(_weights); // (B)
        Tensor taught = teacher.mul(weights).mul(Scalars.Of(_options.Lambda));
        Tensor labelled = (_options.WeightBothTerms ? labels.mul(weights) : labels).mul(Scalars.Of(1 - _options.Lambda));
        Tensor loss = labelled.add(taught, Scalars.One).mean();
        context.Meters.Add("main", loss, batch.Count);
        context.Meters.Add("labels", labels.mean(), batch.Count);
        context.Meters.Add("teacher", teacher.mean(), batch.Count);
        context.Meters.Add("weight", weights.mean(), batch.Count);

        _optimizer.Minimize(loss, _options.Optimizer, context);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses) => FormattableString.Invariant(
        $"main loss {losses["main"]:F4}, labels' loss {losses["labels"]:F4}, teacher's loss {losses["teacher"]:F4}, mean weight ")
            + FormattableString.Invariant($"{losses["weight"]:F4}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _weights.Dispose();
    }
}
