using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureSieve;

public sealed partial class FeatureSieveTrainer
{
    private const int ReleasedDepth = 2;
    private const int ReleasedWidth = 256;
    private const double StrongForgetting = 10; // times the main rate, as released

    /// <summary>
    /// The options of a <see cref="FeatureSieveTrainer"/>; where weights are pretrained, the defaults are those of the released code.
    /// </summary>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public sealed class Options : TrainerOptions
    {
        /// <summary>The readout whose sight is forgotten.</summary>
        [NestOption]
        public ReadoutOptions Readout { get; set; } = new();

        /// <summary>
        /// Steps from one forgetting step to the next; the first step of a training forgets. 0: never, which is exactly plain training.
        /// </summary>
        /// <value>The default value is 5. At least 0.</value>
        [Choice([0, 1, 5, 15, 50], 5)]
        public int ForgetEvery { get; set; } = 5;

        /// <summary>Whether readout, forgetting and network move one after the other or in one update.</summary>
        /// <value>The default value is <see cref="SieveUpdate.Alternating"/>, as in the released code.</value>
        public SieveUpdate Update { get; set; } = SieveUpdate.Alternating;

        /// <summary>The learning rate of the forgetting step: plain gradient descent, no momentum, no decay.</summary>
        /// <remarks>
        /// Of a <see cref="SieveUpdate.Joint"/> update it gives L_forget's weight among the losses, a3 = (1 − μ) · this / main rate, μ the
        /// main momentum. Momentum repeats each gradient 1 / (1 − μ) times, ten at 0.9; by that weight a forgetting gradient moves the
        /// stages as far, in all, as one forgetting step does. So a rate means the same either way: ten times the main one is a3 = 1. With
        /// AdamW μ is 0.9 and the main rate the one that SGD would have: the same number is the same weight, of a rule that takes no
        /// gradient as it is.
        /// </remarks>
        /// <value>The default value is <see langword="null"/>: automatic, the main rate; ten times it with pretrained weights, as released,
        /// and on images with fresh weights where the network has batch norm. Greater than 0.</value>
        [Range(1e-4, 5.0, 1e-2, true)]
        public double? ForgetLearningRate { get; set; }

        /// <summary>The learning rate of the readout: gradient descent with momentum 0.9.</summary>
        /// <value>The default value is <see langword="null"/>: automatic, the main rate, or ten times it where weights are pretrained, as
        /// released. Greater than 0.</value>
        [Range(1e-4, 1.0, 1e-2, true)]
        public double? ReadoutLearningRate { get; set; }

        /// <summary>The weight decay of the readout.</summary>
        /// <value>The default value is 1e-4. At least 0.</value>
        [Range(1e-6, 1e-3, 1e-4, true)]
        public double ReadoutWeightDecay { get; set; } = 1e-4;

        /// <summary>Whether the forgetting step's own forward, too, moves live batch-norm statistics.</summary>
        /// <value>The default value is <see langword="false"/>: stored statistics move once a step, with the main forward. A
        /// <see cref="SieveUpdate.Joint"/> update has no other forward, and does not take <see langword="true"/>.</value>
        public bool ForgettingMovesStatistics { get; set; }

        /// <inheritdoc/>
        [Experimental("MLSIEVE001")]
        protected override void SetAutomatic(TrainingFacts facts)
        {
            base.SetAutomatic(facts);
            SetAutomatic(Readout, facts, facts.Pretrained ? ReleasedDepth : 0, facts.Pretrained ? ReleasedWidth : null);
            if (FrozenFault is { } frozen) throw new ArgumentException(frozen);
            ReadoutLearningRate ??= ReadoutRate(facts);
            ForgetLearningRate ??= (facts.Pretrained || facts.Kind is TrainingKind.Images ? StrongForgetting : 1) * DescentRate(
                facts);
            double momentum = Optimizer.Kind switch
            {
                OptimizerKind.Sgd => Optimizer.Momentum,
                OptimizerKind.AdamW => 0.9,
                _ => throw new UnreachableException($"No momentum of {Optimizer.Kind}."),
            };
            ForgetWeight = (1 - momentum) * ForgetLearningRate / DescentRate(facts);
        }

        /// <summary>a3, the weight of L_forget in a joint update; there once nothing is automatic any more.</summary>
        internal double? ForgetWeight { get; private set; }

        /// <inheritdoc/>
        [Experimental("MLSIEVE001")]
        protected override int FirstReadoutStage => (Optimizer?.FrozenStages ?? 0) + 1;

        // What may be missing is a fault of its own.
        private string? FrozenFault =>
            this is { ForgetEvery: > 0, Readout.Stage: >= 1, Optimizer.FrozenStages: var frozen } && frozen >= Readout.Stage
                ? $"Optimizer.FrozenStages is {frozen}, and the sieve forgets at Readout.Stage {Readout.Stage}: all that forgetting would "
                    + "change is frozen. Freeze fewer stages, or let it forget at a later one."
                : null;

        /// <inheritdoc/>
        [Experimental("MLSIEVE001")]
        protected override string OneClassAdvice => ForgetEvery == 0
            ? ""
            : "Lower ForgetLearningRate or raise ForgetEvery: the sieve may forget faster than the network learns.";

        /// <inheritdoc/>
        [Experimental("MLSIEVE001")]
        protected override void AddFaults(OptionFaults faults)
        {
            base.AddFaults(faults);
            if (faults.Given(nameof(Readout), Readout)) Readout.AddFaults(faults, nameof(Readout));
            faults.AtLeast(nameof(ForgetEvery), ForgetEvery, 0);
            if (!IsTrial && FrozenFault is { } frozen) faults.Add(frozen); // a trial's stage is not settled yet
            faults.Defined(nameof(Update), Update);
            if (Update == SieveUpdate.Joint && ForgettingMovesStatistics)
                faults.Add("ForgettingMovesStatistics is true, which needs Update to be Alternating: a joint update has no forward of its "
                    + "own for forgetting.");
            if (this is { MicroBatchSize: not null, ForgetEvery: > 0, Update: SieveUpdate.Alternating })
            {
                faults.Add("MicroBatchSize is given, which needs Update to be Joint: of alternating updates each sees what the one before "
                    + "has changed, which cannot wait for the whole batch.");
            }

            faults.GreaterThan(nameof(ForgetLearningRate), ForgetLearningRate, 0);
            faults.GreaterThan(nameof(ReadoutLearningRate), ReadoutLearningRate, 0);
            faults.AtLeast(nameof(ReadoutWeightDecay), ReadoutWeightDecay, 0);
        }
    }
}
