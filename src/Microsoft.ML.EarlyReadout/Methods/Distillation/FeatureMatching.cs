using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// SimKD and DeTT: the student's head becomes a projection to the teacher's last feature maps and, on their means, the teacher's own
/// classifier. Trained are the student's stages and the projection, to equal the teacher's maps; row weights are 1 for SimKD, those of
/// Just Train Twice for DeTT. The labels are not used by the loss.
/// </summary>
/// <remarks>
/// "Knowledge Distillation with the Reused Teacher Classifier", CVPR 2022; "Debiased Distillation by Transplanting the Last Layer", 2023.
/// </remarks>
internal static class FeatureMatching
{
    /// <summary>Trains the student; afterwards its head ends in the teacher's classifier.</summary>
    /// <param name="session">The training.</param>
    /// <param name="teacher">The teacher's scores.</param>
    /// <param name="targets">What the teacher says of a batch.</param>
    /// <param name="options">The trainer's options.</param>
    /// <param name="errors">The rows that count more.</param>
    public static void Train(
        TrainingSession session, TeacherScores teacher, TeacherTargets targets, DebiasedDistillationTrainer.Options options,
        IReadOnlySet<long> errors)
    {
        TrainingRows rows = session.Training;
        string features = options.Teacher.FeatureColumnName!;
        float[] weights = WeightedRisk.UpWeights(rows, errors, options.JustTrainTwice.UpWeight!.Value, session.Loss);
        foreach (long row in rows.Indices) weights[row] *= (float)session.Loss.WeightOf(row);
        TeacherClassifier classifier = TeacherClassifier.Recover(session, teacher, features);
        StagedNetwork student = session.Network;
        (FeatureShape own, Layer[] pool) = StageTap.WithPool(student, student.Stages.Count);
        FeatureShape teachers = rows.Set.Columns[features].Rows.Shape;
        Sequence projector = MatchingProjector.Create(own, pool, teachers, classifier.ReadsRectified);
        using (var generator = new Generator(session.Seeds.For("projector").Seed, CPU)) projector.Initialize(generator);
        bool maps = MatchingProjector.MatchesMaps(own, teachers);
        student.ReplaceHead("simkd", [projector, .. maps ? pool : [], classifier.Layer]);
        student.SetChannelsLast(student.Shape.IsConvolved);
        string end = classifier.ReadsRectified ? "" : ", which go below 0, so that the projection ends without ReLU";
        session.Log(maps
            ? $"The student's feature maps, {own}, are matched with the teacher's, {teachers}{end}."
            : $"The student's features, {own}, are matched with the teacher's, {teachers}, as vectors: the released code matches maps.");
        using var step = new FeatureMatchingStep(student, projector, targets, features, options.Optimizer, weights);
        session.Train(step);
    }
}
