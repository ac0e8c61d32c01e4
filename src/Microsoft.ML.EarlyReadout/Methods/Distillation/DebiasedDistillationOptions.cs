using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

public sealed partial class DebiasedDistillationTrainer
{
    private const int ReleasedWidth = 128;

    /// <summary>The options of a <see cref="DebiasedDistillationTrainer"/>. Each says whether its default is that of the authors'
    /// released code or ours, and why.</summary>
    /// <remarks>
    /// Of the options that all trainers share, the release has for Waterbirds a batch of 64, gradient descent at 5e-4 with momentum 0.9
    /// and weight decay 1e-1, 300 epochs, no schedule, and the epoch of the best mean of group accuracies; the defaults here are those of
    /// this library.
    /// </remarks>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public sealed class Options : TrainerOptions
    {
        /// <summary>The teacher.</summary>
        public TeacherOptions Teacher { get; set; } = new();

        /// <summary>How the student learns from it.</summary>
        /// <value>The default value is <see cref="DistillationMethod.Debiased"/>.</value>
        public DistillationMethod Method { get; set; } = DistillationMethod.Debiased;

        /// <summary>λ: the share of the teacher's term; 1 − λ is that of the labels'.</summary>
        /// <value>
        /// The default value is 0.9, that of an earlier branch of the release: labels keep a part. Its final branch has 1, with
        /// <see cref="WeightBothTerms"/>. From 0 to 1.
        /// </value>
        [Range(0.1, 1.0, 0.9, false)]
        public double Lambda { get; set; } = 0.9;

        /// <summary>T: divides the logits of teacher and student in the teacher's term.</summary>
        /// <value>The default value is 3, the release's. Greater than 0.</value>
        [Range(1.0, 10.0, 3.0, false)]
        public double Temperature { get; set; } = 3;

        /// <summary>α: how little the margin of a wrong readout matters; at 0 all wrong readouts count alike.</summary>
        /// <value>The default value is 0.05, the release's for Waterbirds and CivilComments; it has 0.1 for CelebA and 0.2 for MultiNLI.
        /// At least 0.</value>
        [Range(0.01, 2.0, 0.05, true)]
        public double Alpha { get; set; } = 0.05;

        /// <summary>
        /// β: how much wrong readouts count; at 0 not more than others, which is plain distillation. No weight is above e to the β.
        /// </summary>
        /// <value>
        /// The default value is <see langword="null"/>: automatic. Where pretrained weights are given that is 4, the release's for
        /// Waterbirds (3.5 for CelebA, 3 for text); else 1, ours: a network with fresh weights does not bear weights of fifty. From 0 to
        /// 80.
        /// </value>
        [Range(0.5, 6.0, 4.0, false)]
        public double? Beta { get; set; }

        /// <summary>The readout whose errors are weighted. It reads the student.</summary>
        /// <value>
        /// The default value has stage 1, and automatic depth and width: one block, as in the release, of its 128 channels where
        /// pretrained weights are given; else, ours, of the stage's channels, so that the readout of a small network does not cost more
        /// than the network.
        /// </value>
        [NestOption]
        public ReadoutOptions Readout { get; set; } = new();

        /// <summary>The first epoch that is weighted; those before it weigh all rows 1.</summary>
        /// <value>The default value is 2, ours: a readout of an untrained student says little. At least 1. Where the training ends before
        /// it, no row is weighted, and the log warns.</value>
        public int StartEpoch { get; set; } = 2;

        /// <summary>L: epochs from one readout to the next. Each is drawn anew, trained, and gives new weights.</summary>
        /// <value>The default value is 1, the release's. At least 1.</value>
        public int ReadoutEvery { get; set; } = 1;

        /// <summary>R: passes over the training rows to train a readout.</summary>
        /// <value>The default value is 1, the release's. At least 1.</value>
        public int ReadoutEpochs { get; set; } = 1;

        /// <summary>The learning rate of the readout: gradient descent with momentum 0.9.</summary>
        /// <value>
        /// The default value is <see langword="null"/>: automatic, ours: ten times the student's rate of gradient descent where
        /// pretrained weights are given, as in the sieve's release, else that rate. The release trains readouts at the student's own
        /// rate. Greater than 0.
        /// </value>
        [Range(1e-4, 1.0, 1e-2, true)]
        public double? ReadoutLearningRate { get; set; }

        /// <summary>The weight decay of the readout.</summary>
        /// <value>The default value is 1e-4, ours. The release takes the student's own, 1e-1 for Waterbirds. At least 0.</value>
        public double ReadoutWeightDecay { get; set; } = 1e-4;

        /// <summary>Whether every class counts alike while the readout is trained.</summary>
        /// <value>The default value is <see langword="false"/>, as in the release.</value>
        public bool ClassBalancedReadout { get; set; }

        /// <summary>Whether the weight multiplies the labels' term too.</summary>
        /// <value>The default value is <see langword="false"/>: the teacher's term only, as in the paper's figure. The release's final
        /// branch weights both.</value>
        public bool WeightBothTerms { get; set; }

        /// <summary>The largest weight; greater ones are taken for it.</summary>
        /// <value>The default value is <see langword="null"/>: none, as in the release. At least 1.</value>
        public double? WeightCap { get; set; }

        /// <summary>
        /// Whether the weights are divided by their mean over the training rows, so that they do not act as a higher learning rate.
        /// </summary>
        /// <value>The default value is <see langword="false"/>, as in the release.</value>
        public bool NormalizeWeights { get; set; }

        /// <summary>How <see cref="DistillationMethod.DeTT"/> finds the rows that count more.</summary>
        public JustTrainTwiceOptions JustTrainTwice { get; set; } = new();

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override IReadOnlyList<RowColumn> RowColumns
        {
            get
            {
                if (Teacher is null) return []; // a fault of its own
                // A model or file adds its scores, and may add the features that they are made of.
                bool isAdded = Teacher is not { Model: null, OnnxPath: null };
                RowColumn scores = new("Teacher.ScoreColumnName", Teacher.ScoreColumnName, "score", RowColumnWidth.OnePerClass)
                {
                    Advice = "The teacher must score the classes of the label column.",
                    IsAdded = isAdded,
                };
                if (!MatchesFeatures || Teacher.FeatureColumnName is not { } features) return [scores];
                return [scores, new("Teacher.FeatureColumnName", features, "teacher's feature", RowColumnWidth.Any)
                {
                    Advice = "Give what the teacher's last linear layer reads, or the feature maps of which it reads the means.",
                    IsAdded = isAdded,
                }];
            }
        }

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void SetAutomatic(TrainingFacts facts)
        {
            base.SetAutomatic(facts);
            Beta ??= ReadoutWeighting.AutomaticBeta(facts.Pretrained);
            SetAutomatic(Readout, facts, depth: 1, width: facts.Pretrained ? ReleasedWidth : null);
            ReadoutLearningRate ??= ReadoutRate(facts);
            JustTrainTwice.SetAutomatic(facts, EpochsOf(facts));
        }

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void TakeReferences(TrainerOptions from)
        {
            base.TakeReferences(from);
            if (((Options)from).Teacher is { } teacher) Teacher.Model = teacher.Model;
        }

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override string OneClassAdvice => Method == DistillationMethod.Debiased
            ? "Lower Beta or set WeightCap: a few rows may outweigh all others."
            : "See whether the teacher answers more than one class.";

        // What the file holds is in the rows, as its scores of them.
        internal override IReadOnlyList<string> PathOptions =>
            [.. base.PathOptions, $"{nameof(Teacher)}.{nameof(TeacherOptions.OnnxPath)}"];

        internal bool MatchesFeatures => Method is DistillationMethod.SimKD or DistillationMethod.DeTT;

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void AddFaults(OptionFaults faults)
        {
            base.AddFaults(faults);
            AddTeacherFaults(faults);
            faults.Defined(nameof(Method), Method);
            faults.InRange(nameof(Lambda), Lambda, 0, 1);
            faults.GreaterThan(nameof(Temperature), Temperature, 0);
            faults.AtLeast(nameof(Alpha), Alpha, 0);
            faults.InRange(nameof(Beta), Beta, 0, ReadoutWeighting.LargestBeta);
            if (faults.Given(nameof(Readout), Readout)) Readout.AddFaults(faults, nameof(Readout));
            faults.AtLeast(nameof(StartEpoch), StartEpoch, 1);
            faults.AtLeast(nameof(ReadoutEvery), ReadoutEvery, 1);
            faults.AtLeast(nameof(ReadoutEpochs), ReadoutEpochs, 1);
            faults.GreaterThan(nameof(ReadoutLearningRate), ReadoutLearningRate, 0);
            faults.AtLeast(nameof(ReadoutWeightDecay), ReadoutWeightDecay, 0);
            if (WeightCap is { } cap) faults.AtLeast(nameof(WeightCap), cap, 1);
            if (faults.Given(nameof(JustTrainTwice), JustTrainTwice)) JustTrainTwice.AddFaults(faults, nameof(JustTrainTwice));
        }

        private void AddTeacherFaults(OptionFaults faults)
        {
            if (!faults.Given(nameof(Teacher), Teacher)) return;
            faults.NullOrNotEmpty("Teacher.FeatureColumnName", Teacher.FeatureColumnName);
            faults.NotEmpty("Teacher.ScoreColumnName", Teacher.ScoreColumnName);
            faults.NotEmpty("Teacher.OutputName", Teacher.OutputName);
            faults.NoHiddenColumns(LabelledColumns, [new("Teacher.ScoreColumnName", Teacher.ScoreColumnName)]);
            faults.Defined("Teacher.ScoreKind", Teacher.ScoreKind);
            if (MatchesFeatures && Teacher.FeatureColumnName is null)
                faults.Add($"{nameof(Method)} is {Method}, which needs Teacher.FeatureColumnName.");
            if (Method is DistillationMethod.Debiased or DistillationMethod.Plain && Teacher.FeatureColumnName is not null)
                faults.Add($"Teacher.FeatureColumnName is given, which needs {nameof(Method)} to be SimKD or DeTT; it is {Method}.");
            if (Teacher.Model is not null && Teacher.OnnxPath is not null)
                faults.Add("Teacher.Model and Teacher.OnnxPath are both given; give one.");
            if (Teacher.OnnxPath is { } path && !File.Exists(path)) faults.Add($"Teacher.OnnxPath is '{path}'; there is no such file.");
        }
    }
}
