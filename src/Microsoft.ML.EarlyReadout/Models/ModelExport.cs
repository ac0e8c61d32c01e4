using System.Numerics.Tensors;
using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What comes after training: the network becomes a model, the two are compared, and what the model answers is looked at. Whatever fails,
/// the trained network is handed over.
/// </summary>
internal static class ModelExport
{
    private const int SampleRows = 64;

    /// <summary>Makes the model of a session's network as it is now, and moves network and readouts to the CPU.</summary>
    /// <param name="session">The training.</param>
    /// <param name="input">The schema of the training rows.</param>
    /// <param name="head">The stock head that was fitted to the label column before training.</param>
    /// <param name="record">Tells where the model comes from.</param>
    /// <param name="host">What the model takes from its context.</param>
    /// <exception cref="ModelExportException">It failed; the exception holds what there is.</exception>
    /// <exception cref="ModelExportCanceledException">The fit was cancelled meanwhile; the exception holds what there is.</exception>
    public static EarlyReadoutTransformer Run(
        TrainingSession session, DataViewSchema input, StockHead head, Func<TrainingRecord> record, ModelHost host)
    {
        EarlyReadoutTransformer? model = null;
        try
        {
            session.Cancellation.ThrowIfRequested();
            model = Create(session, input, head, record, host);
            Check(session, model);
            return model;
        }
        catch (OperationCanceledException cancelled)
        {
            throw new ModelExportCanceledException(cancelled, model, HandOver(session.Network));
        }
        catch (Exception fault)
        {
            throw new ModelExportException(fault, model, HandOver(session.Network));
        }
    }

    /// <summary>The weights after a fault, which no other fault may hide: none where they cannot be copied.</summary>
    private static TrainedWeights HandOver(StagedNetwork network)
    {
        try
        {
            return TrainedWeights.Of(network);
        }
        catch (Exception)
        {
            return TrainedWeights.None;
        }
    }

    private static EarlyReadoutTransformer Create(
        TrainingSession session, DataViewSchema input, StockHead head, Func<TrainingRecord> record, ModelHost host)
    {
        TrainerOptions options = session.Options;
        IReadOnlyList<ReadoutMargins> margins = Margins(session); // on the device of the training
        session.Network.to(CPU);
        foreach (TappedReadout readout in session.Readouts) readout.Head.to(CPU);
        DataViewType type = input[options.ExampleColumnName].Type;
        FeatureFormat format = FeatureFormat.Of(type)!; // it has been read
        TrainingSet set = session.Training.Set;
        var scoring = new ScoringColumns(
            options.ExampleColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName, set.Shape)
        {
            Format = format,
            SecondText = options.SecondTextColumnName,
            Tokenizer = set.Tokenizer,
            ResizesImages = format.IsOfAnySize(type),
            Pixels = set.Pixels ?? PixelRange.Bytes,
            Readouts = [.. session.Readouts.Select(readout => new ReadoutColumns(readout.Name) { Stage = readout.Stage })],
        };
        return EarlyReadoutTransformer.Create(
            input, head, scoring, session.Export, session.History, record(), TrainedWeights.Of(session.Network), host,
            session.Cancellation, margins);
    }

    private static IReadOnlyList<ReadoutMargins> Margins(TrainingSession session)
    {
        try
        {
            return ReadoutMargins.Of(session);
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            session.Warn($"The model has no profile of its readouts' margins: there is no memory for a single row. {fault.Message}");
            return [];
        }
    }

    /// <summary>Compares the model with network and readouts on some training rows, and looks at what it answers for them.</summary>
    private static void Check(TrainingSession session, EarlyReadoutTransformer model)
    {
        int classes = model.ClassCount;
        var answers = new int[Math.Min(SampleRows, session.Training.Indices.Length)];
        long bytes = session.Footprint.Evaluation + session.Readouts.Select(readout => readout.RowBytes).DefaultIfEmpty().Max();
        try
        {
            new EvaluationBatches(CPU, session.Cancellation).ForEach(session.Training.Sample(SampleRows), bytes, (start, rows) =>
            {
                float[] logits = [];
                ParityCheck.Verify(
                    session.Network, batch => logits = Logits(batch), rows.Features, firstRow: start, allRows: answers.Length);
                foreach ((int index, TappedReadout readout) in session.Readouts.Index())
                {
                    session.Cancellation.ThrowIfRequested();
                    ParityCheck.Verify(
                        readout, session.Network, batch => Scores(batch, index + 1), rows.Features, firstRow: start,
                        allRows: answers.Length);
                }

                for (int i = 0; i < rows.Count; i++)
                    answers[start + i] = TensorPrimitives.IndexOfMax<float>(logits.AsSpan(i * classes, classes));

                float[] Logits(Tensor batch)
                {
                    var values = new float[rows.Count * classes];
                    model.Session.Logits(Rows(batch), rows.Count, values);
                    return values;
                }

                // A batch of texts may be shorter than the rows that are scored.
                float[] Rows(Tensor batch)
                {
                    if (batch.dim() == 2) batch = nn.functional.pad(batch, [0, model.Session.RowSize - batch.size(1)]);
                    return batch.data<float>().ToArray();
                }

                float[] Scores(Tensor batch, int head)
                {
                    var scores = new float[]?[model.Session.Heads];
                    scores[head] = new float[rows.Count * classes];
                    model.Session.Score(Rows(batch), rows.Count, scores);
                    return scores[head]!;
                }
            });
            OneClassAnswers.Warn(session, answers);
            session.Cancellation.ThrowIfRequested();
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            session.Warn($"The model could not be compared with the trained network: there is no memory for a single row. {fault.Message}");
        }
    }
}
