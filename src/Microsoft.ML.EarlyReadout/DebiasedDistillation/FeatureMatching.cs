using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// SimKD and DeTT: the student's head becomes a projection to the teacher's feature space and the teacher's own classifier. Trained is
/// <c>1/B Σ_i w_i·‖P(f(x_i)) − t_i‖²/D</c> with t the teacher's features; w is 1 for SimKD, that of Just Train Twice for DeTT. The labels are not used by the loss.
/// </summary>
/// <remarks>"Knowledge Distillation with the Reused Teacher Classifier", CVPR 2022; "Debiased Distillation by Transplanting the Last Layer", 2023.</remarks>
internal static class FeatureMatching
{
    /// <summary>Trains the student; afterwards its head ends in the teacher's classifier.</summary>
    public static void Train(TrainingSession session, TeacherScores teacher, Lessons lessons, DebiasedDistillationTrainer.Options options)
    {
        TrainingRows rows = session.Training;
        IReadOnlySet<long> errors = options.Method == DistillationMethod.DeTt ? JustTrainTwice.FindErrors(session, options.JustTrainTwice) : new HashSet<long>();
        float[] weights = WeightedRisk.UpWeighted(rows, errors, options.JustTrainTwice.UpWeight!.Value).Weights;
        Linear classifier = TeacherClassifier.Recover(session, teacher);
        StagedNetwork student = session.Network;
        (int channels, bool spatial) = ReadoutFactory.Tap(student, student.Stages.Count);
        int width = rows.Set.TeacherWidth;
        Layer[] projection = [.. spatial ? [new GlobalAveragePool()] : Array.Empty<Layer>(), new Linear(channels, channels), new Relu(), new Linear(channels, width)];
        var projector = new Sequence(projection);
        using (var generator = new Generator(session.Seeds.For("projector").Seed, CPU)) projector.Initialize(generator);
        student.ReplaceHead("simkd", projector, classifier);
        using var step = new Step(student, projector, lessons, options.Optimizer, weights);
        session.Train(step);
    }

    private sealed class Step : ITrainingStep
    {
        private readonly StagedNetwork _student;
        private readonly Sequence _projector;
        private readonly Lessons _lessons;
        private readonly OptimizerOptions _options;
        private readonly float[] _weights;
        private readonly Optimizer _optimizer;

        public Step(StagedNetwork student, Sequence projector, Lessons lessons, OptimizerOptions options, float[] weights)
        {
            _student = student;
            _projector = projector;
            _lessons = lessons;
            _options = options;
            _weights = weights;
            IEnumerable<(string, Parameter)> projection = projector.named_parameters().Select(entry => ("projector." + entry.name, entry.parameter));
            _optimizer = Optimizer.Create(options, [.. student.ParametersTo(student.Stages.Count), .. projection]);
        }

        public IEnumerable<(string Name, Tensor Tensor)> State => ModuleState.Under("optimizer/", _optimizer.State);

        public void Run(Batch batch, in StepContext context)
        {
            Tensor projected = _projector.call(_student.ForwardTo(_student.Stages.Count, batch.Features)); // (B, D)
            Tensor difference = projected.sub(_lessons.For(batch).TeacherFeatures!);
            Tensor distance = difference.mul(difference).mean([1]); // (B)
            Tensor loss = distance.mul(batch.Take(_weights)).mean();
            context.Meters.Add("main", loss, batch.Count);
            context.Meters.Add("distance", distance.mean(), batch.Count);
            _optimizer.Minimize(loss, _options.LearningRate!.Value * context.RateFactor, _options.ClipNorm, context.Meters);
        }

        public string Describe(IReadOnlyDictionary<string, double> losses) =>
            FormattableString.Invariant($"main loss {losses["main"]:F4}, mean squared distance to the teacher's features {losses["distance"]:F4}");

        public void Dispose() => _optimizer.Dispose();
    }
}
