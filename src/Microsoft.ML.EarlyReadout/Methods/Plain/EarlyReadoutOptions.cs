using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

public sealed partial class EarlyReadoutEstimator
{
    /// <summary>A readout of an <see cref="EarlyReadoutEstimator"/>.</summary>
    public sealed class Tap
    {
        /// <summary>
        /// The stage whose output it reads, from 1; 0 is what stage 1 reads, which for an <see cref="NetworkKind.Mlp"/> is the feature
        /// column itself.
        /// </summary>
        /// <value>The default value is 1. At most the number of stages.</value>
        public int Stage { get; set; } = 1;

        /// <summary>Blocks before the linear classifier, as in <see cref="ReadoutOptions.Depth"/>.</summary>
        /// <value>The default value is 0: a linear readout. At least 0.</value>
        public int Depth { get; set; }

        /// <summary>Channels (or units) of each block.</summary>
        /// <value>The default value is <see langword="null"/>: automatic, as in <see cref="ReadoutOptions.Width"/>. At least 1.</value>
        public int? Width { get; set; }

        /// <summary>Whether every class counts alike while it is trained. On unbalanced classes an early readout may know no more than
        /// which class is frequent; then "wrong" means "of a rare class". This control tells the two apart.</summary>
        /// <value>The default value is <see langword="false"/>.</value>
        public bool ClassBalanced { get; set; }

        /// <summary>
        /// The start of the names of its output columns: <c>NAME.Score</c>, <c>NAME.PredictedLabel</c>, <c>NAME.Margin</c>.
        /// </summary>
        /// <value>The default value is <see langword="null"/>: <c>Readout1</c> at stage 1, with <c>Balanced</c> appended where it is
        /// class-balanced.</value>
        public string? Name { get; set; }

        internal string ColumnName => Name ?? FormattableString.Invariant($"Readout{Stage}{(ClassBalanced ? "Balanced" : "")}");

        internal ReadoutOptions Readout => new() { Stage = Stage, Depth = Depth, Width = Width };
    }

    /// <summary>The options of an <see cref="EarlyReadoutEstimator"/>.</summary>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public sealed class Options : TrainerOptions
    {
        /// <summary>The readouts.</summary>
        /// <value>The default value has one linear readout, on stage 1.</value>
        public Tap[] Taps { get; set; } = [new()];

        /// <summary>When the readouts are trained.</summary>
        /// <value>The default value is <see cref="ReadoutTiming.Together"/>.</value>
        public ReadoutTiming ReadoutTiming { get; set; } = ReadoutTiming.Together;

        /// <summary>Passes over the training rows when readouts are trained afterwards, on top of <see cref="TrainerOptions.Epochs"/> or
        /// <see cref="TrainerOptions.Steps"/>.</summary>
        /// <value>The default value is <see langword="null"/>: automatic where it is read, as many as come to 500 steps. At least 1: a
        /// whole pass, also where it has more steps than that, or than <see cref="TrainerOptions.Steps"/>. Needs <see
        /// cref="ReadoutTiming.Afterwards"/> or <see cref="TrainedPart.None"/>.</value>
        public int? ReadoutEpochs { get; set; }

        /// <summary>The learning rate of the readouts: gradient descent with momentum 0.9.</summary>
        /// <value>The default value is <see langword="null"/>: automatic, the main rate, or ten times it where weights are pretrained, as
        /// released. Greater than 0.</value>
        [Range(1e-4, 1.0, 1e-2, true)]
        public double? ReadoutLearningRate { get; set; }

        /// <summary>The weight decay of the readouts.</summary>
        /// <value>The default value is 1e-4. At least 0.</value>
        public double ReadoutWeightDecay { get; set; } = 1e-4;

        /// <summary>What of the network is trained.</summary>
        /// <remarks>
        /// <para><see cref="TrainedPart.None"/> needs a weights file or a model to start from. It refuses an <see cref="Objective"/> of
        /// another kind than <see cref="ObjectiveKind.EmpiricalRisk"/>, <see cref="TrainerOptions.Epochs"/>, <see
        /// cref="TrainerOptions.Steps"/>, <see cref="TrainerOptions.ExampleWeightColumnName"/>, <see
        /// cref="TrainerOptions.LabelSmoothing"/>, <see cref="TrainerOptions.AveragingDecay"/>, <see
        /// cref="TrainerOptions.ValidateEverySteps"/>, <see cref="TrainerOptions.Patience"/> and <see
        /// cref="TrainerOptions.OnValidation"/>.</para>
        /// <para><see cref="TrainerOptions.Optimizer"/>, <see cref="TrainerOptions.Schedule"/>, <see cref="TrainerOptions.BatchNorm"/>,
        /// <see cref="TrainerOptions.Selection"/> and <see cref="ReadoutTiming"/> have no effect with it, but that the automatic <see
        /// cref="ReadoutLearningRate"/> follows <see cref="OptimizerOptions.LearningRate"/> of gradient descent.</para>
        /// </remarks>
        /// <value>The default value is <see cref="TrainedPart.All"/>.</value>
        public TrainedPart TrainedPart { get; set; } = TrainedPart.All;

        /// <summary>What training the network minimises.</summary>
        [NestOption]
        public ObjectiveOptions Objective { get; set; } = new();

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override string OneClassAdvice => Objective.Kind switch
        {
            ObjectiveKind.JustTrainTwice => "Lower Objective.JustTrainTwice.UpWeight: the first network's errors may count too much.",
            ObjectiveKind.ClassBalanced => "",
            ObjectiveKind.EmpiricalRisk or ObjectiveKind.GroupDro or ObjectiveKind.DeepFeatureReweighting
                or ObjectiveKind.AutomaticFeatureReweighting =>
                "Where classes have unequally many rows, weigh them alike (Objective.Kind = ClassBalanced).",
            _ => throw new UnreachableException($"No objective {Objective.Kind}."),
        };

        // Afterwards: enough for a linear readout at its rate.
        private const int ReadoutSteps = 500;

        internal override IEnumerable<NamedColumn> ColumnsWritten
        {
            get
            {
                // Two taps of one name are a fault of their own.
                IEnumerable<(int Index, Tap Tap)> taps = (Taps ?? []).Index().Where(each => each.Item is not null);
                return base.ColumnsWritten.Concat(taps.DistinctBy(each => each.Tap.ColumnName).SelectMany(each =>
                {
                    string option = FormattableString.Invariant($"a column of {nameof(Taps)}[{each.Index}]");
                    return new ReadoutColumns(each.Tap.ColumnName).All.Select(column => new NamedColumn(option, column));
                }));
            }
        }

        internal override IReadOnlyList<string> ReadoutNames => [.. Taps.Select(tap => tap.ColumnName)];

        internal override NamedRows? MethodRows =>
            Objective is { Kind: ObjectiveKind.DeepFeatureReweighting, DeepFeatureReweighting.ReweightingSet: { } rows }
                ? new NamedRows(
                    DeepFeatureReweighting.GivenRows, rows,
                    "The head is fitted to equally many of these rows of each group. Add the column.")
                : null;

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override string? TrainingGroupNeed => Objective.Kind switch
        {
            ObjectiveKind.GroupDro =>
                "Objective.Kind is GroupDro, which trains by the groups of the training rows. Add the column, or choose another objective.",
            ObjectiveKind.DeepFeatureReweighting => MethodRows is not null ? null
                : "Objective.Kind is DeepFeatureReweighting, which without a ReweightingSet reads the groups of the training rows. Add the "
                    + "column, or give rows that have it in Objective.DeepFeatureReweighting.ReweightingSet.",
            ObjectiveKind.EmpiricalRisk or ObjectiveKind.ClassBalanced or ObjectiveKind.JustTrainTwice
                or ObjectiveKind.AutomaticFeatureReweighting => null,
            _ => throw new UnreachableException($"No objective {Objective.Kind}."),
        };

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void SetAutomatic(TrainingFacts facts)
        {
            base.SetAutomatic(facts);
            foreach (Tap tap in Taps.Where(tap => tap.Depth > 0)) tap.Width ??= facts.Values.ReleasedWidth ?? facts.ChannelsOf(tap.Stage);
            ReadoutLearningRate ??= ReadoutRate(facts);
            // Readouts that are trained with the network have its epochs.
            if (TrainedPart == TrainedPart.None || ReadoutTiming == ReadoutTiming.Afterwards)
                ReadoutEpochs ??= Math.Max(1, facts.EpochsOf(ReadoutSteps, BatchSize));
            Objective.JustTrainTwice.SetAutomatic(facts, EpochsOf(facts));
            Objective.AutomaticFeatureReweighting.SetAutomatic(facts);
        }

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void TakeReferences(TrainerOptions from)
        {
            base.TakeReferences(from);
            if (((Options)from).Objective is { DeepFeatureReweighting: { } reweighting })
                Objective.DeepFeatureReweighting.ReweightingSet = reweighting.ReweightingSet;
        }

        /// <inheritdoc/>
        [Experimental(ExperimentalId.OwnMethod)]
        protected internal override void AddFaults(OptionFaults faults)
        {
            base.AddFaults(faults);
            AddTapFaults(faults);
            faults.Defined(nameof(ReadoutTiming), ReadoutTiming);
            faults.AtLeast(nameof(ReadoutEpochs), ReadoutEpochs, 1);
            faults.GreaterThan(nameof(ReadoutLearningRate), ReadoutLearningRate, 0);
            faults.AtLeast(nameof(ReadoutWeightDecay), ReadoutWeightDecay, 0);
            faults.Defined(nameof(TrainedPart), TrainedPart);
            if (Epochs == 0 || Steps == 0)
                faults.Add($"To train readouts alone on a network as it is, leave {(Epochs == 0 ? nameof(Epochs) : nameof(Steps))} out and "
                    + $"set {nameof(TrainedPart)} to {TrainedPart.None}.");
            if (TrainedPart == TrainedPart.None) AddUntrainedFaults(faults);
            else if (ReadoutEpochs is not null && ReadoutTiming == ReadoutTiming.Together)
                faults.Add($"{nameof(ReadoutEpochs)} is given, which needs {nameof(ReadoutTiming)} to be {ReadoutTiming.Afterwards} or "
                    + $"{nameof(TrainedPart)} to be {TrainedPart.None}: readouts that are trained with the network have its epochs.");
            if (faults.Given(nameof(Objective), Objective)) Objective.AddFaults(faults, nameof(Objective), GroupColumnName);
            if (this is { MicroBatchSize: not null, Objective.Kind: ObjectiveKind.GroupDro })
            {
                faults.Add("MicroBatchSize is given, which Objective.Kind GroupDro does not take: a group's loss is its mean over the "
                    + "whole batch.");
            }

            bool looksAtReadout = Objective is
            {
                Kind: ObjectiveKind.AutomaticFeatureReweighting, AutomaticFeatureReweighting.Source: ReweightingSource.Readout,
            };
            if (looksAtReadout && (Taps is not { Length: > 0 } || ReadoutTiming != ReadoutTiming.Together))
            {
                faults.Add("Objective.AutomaticFeatureReweighting.Source is Readout, which needs a readout that is trained together with "
                    + $"the network: give {nameof(Taps)}, and {nameof(ReadoutTiming)} Together.");
            }
        }

        /// <summary>Adds what is wrong where nothing of the network is trained.</summary>
        private void AddUntrainedFaults(OptionFaults faults)
        {
            if (this is { StartFrom: null, Network.WeightsPath: null })
                faults.Add($"{nameof(TrainedPart)} is None, which needs StartFrom or Network.WeightsPath: there is nothing to read out of "
                    + "random weights.");
            (string Name, bool IsGiven)[] ofTraining =
            [
                ($"{nameof(Objective)}.{nameof(Objective.Kind)}", Objective is { Kind: not ObjectiveKind.EmpiricalRisk }),
                (nameof(Epochs), Epochs is not null),
                (nameof(Steps), Steps is not null),
                (nameof(ExampleWeightColumnName), ExampleWeightColumnName is not null),
                (nameof(LabelSmoothing), LabelSmoothing != 0),
                (nameof(AveragingDecay), AveragingDecay != 0),
                (nameof(ValidateEverySteps), ValidateEverySteps is not null),
                (nameof(Patience), Patience is not null),
                (nameof(OnValidation), OnValidation is not null),
            ];
            string[] given = [.. ofTraining.Where(option => option.IsGiven).Select(option => option.Name)];
            if (given.Length > 0)
                faults.Add($"{nameof(TrainedPart)} is None, which trains nothing of the network; leave out what only that training reads: "
                    + $"{string.Join(", ", given)}.");
        }

        private void AddTapFaults(OptionFaults faults)
        {
            if (!faults.Given(nameof(Taps), Taps)) return;
            foreach ((int i, Tap tap) in Taps.Index())
            {
                string name = FormattableString.Invariant($"{nameof(Taps)}[{i}]");
                if (!faults.Given(name, tap)) continue;
                tap.Readout.AddFaults(faults, name, firstStage: 0);
                if (tap.Name is not null) faults.NotEmpty($"{name}.{nameof(tap.Name)}", tap.Name);
            }
            IEnumerable<string> names = Taps.Where(tap => tap is not null).Select(tap => tap.ColumnName);
            if (names.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { } twice)
                faults.Add($"Two of {nameof(Taps)} are named '{twice.Key}'; give each a Name of its own.");
        }
    }
}
