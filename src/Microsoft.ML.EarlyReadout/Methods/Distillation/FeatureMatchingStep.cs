using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One step of SimKD: <c>1/B Σ_i w_i·‖P(f(x_i)) − t_i‖²/(C·h·w)</c> with t the teacher's maps, pooled where the projection's are
/// smaller.</summary>
internal sealed class FeatureMatchingStep : ITrainingStep
{
    private readonly StagedNetwork _student;
    private readonly Sequence _projector;
    private readonly TeacherTargets _targets;
    private readonly string _features;
    private readonly OptimizerOptions _options;
    private readonly Tensor _weights; // (N)
    private readonly Optimizer _optimizer;

    /// <param name="student">The student, on its device; its stages are trained.</param>
    /// <param name="projector">The projection, which is trained too.</param>
    /// <param name="targets">Gives a batch the teacher's features.</param>
    /// <param name="features">The column of the teacher's features.</param>
    /// <param name="options">How.</param>
    /// <param name="weights">w of each row of the packed set.</param>
    public FeatureMatchingStep(
        StagedNetwork student, Sequence projector, TeacherTargets targets, string features, OptimizerOptions options, float[] weights)
    {
        _student = student;
        _projector = projector;
        _targets = targets;
        _features = features;
        _options = options;
        _weights = tensor(weights, device: student.parameters().First().device).DetachFromDisposeScope();
        _optimizer = Optimizer.Create(options, student, [
            .. student.ParametersTo(student.Stages.Count),
            .. projector.named_parameters().Select(entry => ("projector." + entry.name, entry.parameter))]);
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => ModuleState.Under("optimizer/", _optimizer.State);

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters => [new("main", MeterUnit.Number), new("distance", MeterUnit.Number)];

    /// <inheritdoc/>
    Func<Batch, Batch>? ITrainingStep.OnCpu => _targets.Teach;

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        Tensor projected = Maps(_projector.call(_student.ForwardTo(_student.Stages.Count, batch.Features))); // (B, C, h, w)
        Tensor target = Maps(batch.Column(_features)); // (B, C, H, W)
        if (!target.shape.SequenceEqual(projected.shape)) target = nn.functional.adaptive_avg_pool2d(target, projected.shape[2..]);
        Tensor difference = projected.sub(target);
        Tensor distance = difference.mul(difference).mean([1, 2, 3]); // (B)
        Tensor loss = distance.mul(batch.Take(_weights)).mean();
        context.Meters.Add("main", loss, batch.Count);
        context.Meters.Add("distance", distance.mean(), batch.Count);
        _optimizer.Minimize(loss, _options, context);
    }

    /// <summary>Features as maps, (B, C, H, W), float32; a vector is one of one pixel.</summary>
    public static Tensor Maps(Tensor features)
    {
        Tensor numbers = features.to(ScalarType.Float32);
        return numbers.dim() == 4 ? numbers : numbers.unsqueeze(2).unsqueeze(3);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses) => FormattableString.Invariant(
        $"main loss {losses["main"]:F4}, mean squared distance to the teacher's features {losses["distance"]:F4}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _weights.Dispose();
    }
}
