using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Evaluation of multiclass classifiers by group.</summary>
public static class EarlyReadoutEvaluationCatalog
{
    /// <summary>
    /// Evaluates scored data by the groups of one column: worst-group, average, unbiased and adjusted accuracy, calibration and more.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="data">Data scored by any multiclass classifier. Read once.</param>
    /// <param name="groupColumnName">
    /// The group: a key, text, number or bool column. With the default <see cref="GroupEvaluationOptions.Grouping"/> it is an attribute,
    /// and a group is label × attribute.
    /// </param>
    /// <param name="labelColumnName">The true label: a key; or a text, number or bool that is a key value of the predicted label; or, as in
    /// ML.NET, a zero-based class index.</param>
    /// <param name="scoreColumnName">The scores: a vector of Single, one for each class. Where they are no probabilities there is no
    /// log-loss and no calibration error.</param>
    /// <param name="predictedLabelColumnName">The predicted label: a key, or mapped back to its value.</param>
    /// <param name="options">Grouping, training counts, intervals and bins; null for the defaults.</param>
    /// <returns>The metrics; <c>ToString()</c> prints them as a table, <c>ToJson()</c> writes them as JSON.</returns>
    /// <remarks>
    /// Rows without a label or group are left out, and counted in the result; rows of a class that the model does not know count as wrong.
    /// Both are said in the log. Thread-safe where the data are. Takes no random numbers.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">An option is out of range, no group column is named, one is named twice, or it is the
    /// label.</exception>
    /// <exception cref="InvalidOperationException">No row has a label and a group, or no evaluated group occurs in the training
    /// counts.</exception>
    public static GroupMetrics EvaluateByGroup(
        this MulticlassClassificationCatalog catalog,
        IDataView data,
        string groupColumnName,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        GroupEvaluationOptions? options = null) =>
        catalog.EvaluateByGroup(data, [groupColumnName], labelColumnName, scoreColumnName, predictedLabelColumnName, options);

    /// <summary>Evaluates scored data by the groups that several columns form together.</summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="data">Data scored by any multiclass classifier. Read once.</param>
    /// <param name="groupColumnNames">The group columns, at least one: each a key, text, number or bool.</param>
    /// <param name="labelColumnName">The true label.</param>
    /// <param name="scoreColumnName">The scores: a vector of Single, one for each class.</param>
    /// <param name="predictedLabelColumnName">The predicted label.</param>
    /// <param name="options">Grouping, training counts, intervals and bins; null for the defaults.</param>
    /// <inheritdoc
    /// cref="EvaluateByGroup(MulticlassClassificationCatalog, IDataView, string, string, string, string, GroupEvaluationOptions)"
    /// path="/returns|/remarks|/exception"/>
    public static GroupMetrics EvaluateByGroup(
        this MulticlassClassificationCatalog catalog,
        IDataView data,
        string[] groupColumnNames,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        GroupEvaluationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return new GroupEvaluator(
            data.Schema, groupColumnNames, labelColumnName, scoreColumnName, predictedLabelColumnName, options ?? new())
            .Evaluate(data, CatalogEnvironment.Of(catalog));
    }

    /// <summary>
    /// Profiles readouts on labelled rows: accuracy, margins when right and when wrong and, with groups, how well confident errors point to
    /// the classifier's worst group.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="data">Rows scored by an <see cref="EarlyReadoutTransformer"/>, or by its saved model. Read once.</param>
    /// <param name="readoutNames">The readouts; <see cref="EarlyReadoutTransformer.ReadoutNames"/> lists a model's.</param>
    /// <param name="groupColumnName">The spurious attribute, a key, text, number or bool column: a group is label and attribute. Without it
    /// there is nothing about groups.</param>
    /// <param name="labelColumnName">The true label.</param>
    /// <param name="scoreColumnName">The classifier's scores.</param>
    /// <param name="predictedLabelColumnName">The classifier's predicted label.</param>
    /// <returns>The profile; <c>ToString()</c> prints it as a table, <c>ToJson()</c> writes it as JSON.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">No readout is named.</exception>
    /// <exception cref="InvalidOperationException">No row has a label and a group.</exception>
    public static ReadoutProfile ProfileReadouts(
        this MulticlassClassificationCatalog catalog,
        IDataView data,
        IReadOnlyList<string> readoutNames,
        string? groupColumnName = null,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(readoutNames);
        return new ReadoutProfiler(data.Schema, readoutNames, labelColumnName, scoreColumnName, predictedLabelColumnName, groupColumnName)
            .Profile(data);
    }

    /// <summary>
    /// Reads each stage of a model's network as it is: how well columns such as the label and a suspected attribute can be told, by
    /// logistic regression, from what the stage puts out. The model may be fitted or loaded; nothing of it is trained.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="model">The model; <see cref="EarlyReadoutTransformer.From"/> finds it in a pipeline,
    /// <see cref="EarlyReadoutTransformer.Load"/> in a file.</param>
    /// <param name="trainData">The rows that decoders are fitted to, with the model's feature column. Read once.</param>
    /// <param name="testData">Other rows likewise, that are counted. Read once.</param>
    /// <param name="columnNames">What is decoded, at least one: keys, texts, numbers or bools, taken as categories.</param>
    /// <returns>The accuracies with their intervals; <c>ToString()</c> prints them as a table. Give it to
    /// <see cref="ReportedModel.Stages"/> for a picture in the report.</returns>
    /// <remarks>What a stage puts out is averaged over an image's pixels or a text's tokens before it is decoded, and kept in memory: a
    /// number a channel and row. Equal rows give equal results. Rows without a value are left out for that column.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">No column is named, or the model's network has no stages.</exception>
    /// <exception cref="InvalidOperationException">A column has fewer than two values in the training rows, or none in the test
    /// rows.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static StageProfile ProfileStages(
        this MulticlassClassificationCatalog catalog, EarlyReadoutTransformer model, IDataView trainData, IDataView testData,
        params string[] columnNames) =>
        catalog.ProfileStages(model, trainData, testData, columnNames, CancellationToken.None);

    /// <inheritdoc
    /// cref="ProfileStages(MulticlassClassificationCatalog, EarlyReadoutTransformer, IDataView, IDataView, string[])"
    /// path="/*[not(self::param)]"/>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="model">The model; <see cref="EarlyReadoutTransformer.From"/> finds it in a pipeline,
    /// <see cref="EarlyReadoutTransformer.Load"/> in a file.</param>
    /// <param name="trainData">The rows that decoders are fitted to, with the model's feature column. Read once.</param>
    /// <param name="testData">Other rows likewise, that are counted. Read once.</param>
    /// <param name="columnNames">What is decoded, at least one: keys, texts, numbers or bools, taken as categories.</param>
    /// <param name="cancellationToken">Stops within one batch of rows, and before each logistic regression. So does the cancellation of
    /// the <see cref="MLContext"/>.</param>
    public static StageProfile ProfileStages(
        this MulticlassClassificationCatalog catalog, EarlyReadoutTransformer model, IDataView trainData, IDataView testData,
        IReadOnlyList<string> columnNames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(trainData);
        ArgumentNullException.ThrowIfNull(testData);
        ArgumentNullException.ThrowIfNull(columnNames);
        if (columnNames.Count == 0) throw new ArgumentException("Name at least one column to decode.", nameof(columnNames));
        if (model.Graph.Stages.Count == 0) throw new ArgumentException("The model's network has no stages.", nameof(model));
        return new StageProfiler(model, columnNames, Cancellation.Of(CatalogEnvironment.Of(catalog), cancellationToken))
            .Profile(trainData, testData);
    }

    /// <summary>
    /// Finds where a shortcut may mislead a classifier, without groups: the rows that an early readout gets confidently wrong, clustered by
    /// the network's embedding. The clusters that hold most of the network's errors come first, each with what tells its rows.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="model">The fitted classifier with readouts, or the fitted pipeline that it is part of.</param>
    /// <param name="data">Labelled rows, raw as the model takes them. Read three times, in the same order.</param>
    /// <param name="labelColumnName">The true label.</param>
    /// <param name="readoutName">The readout; <see langword="null"/>: the model's first.</param>
    /// <returns>The findings; <c>ToString()</c> prints them as a table. Give them to <see cref="ReportedModel.Shortcuts"/> for the pictures
    /// or texts in the report.</returns>
    /// <remarks>
    /// Equal rows and seeds give equal findings; takes no random numbers from the <see cref="MLContext"/>. Memory is bounded by
    /// <see cref="ShortcutOptions.MaxRows"/>, however many rows there are. Thread-safe where the data are.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">An option is out of range; or the model has no such readout, no readout at all, or no
    /// stages.</exception>
    /// <exception cref="InvalidOperationException">No row has a label.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    [Experimental(ExperimentalId.Shortcuts)]
    public static ShortcutFindings FindShortcuts(
        this MulticlassClassificationCatalog catalog, ITransformer model, IDataView data, string labelColumnName = "Label",
        string? readoutName = null) =>
        catalog.FindShortcuts(model, data, new ShortcutOptions { LabelColumnName = labelColumnName, ReadoutName = readoutName });

    /// <inheritdoc cref="FindShortcuts(MulticlassClassificationCatalog, ITransformer, IDataView, string, string)"
    /// path="/*[not(self::param)]"/>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="model">The fitted classifier with readouts, or the fitted pipeline that it is part of.</param>
    /// <param name="data">Labelled rows, raw as the model takes them. Read three times, in the same order.</param>
    /// <param name="options">Columns, the least margin, and how rows are clustered and described.</param>
    [Experimental(ExperimentalId.Shortcuts)]
    public static ShortcutFindings FindShortcuts(
        this MulticlassClassificationCatalog catalog, ITransformer model, IDataView data, ShortcutOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        EarlyReadoutTransformer classifier = FlatPipeline.ModelIn(model) ?? throw new ArgumentException(
            $"There is no fitted EarlyReadoutTransformer in this {model.GetType().Name}. Give the pipeline that was fitted; "
                + "EarlyReadoutTransformer.RestoreIn makes one of a pipeline that was loaded.", nameof(model));
        if (classifier.Graph.Stages.Count == 0) throw new ArgumentException("The model's network has no stages.", nameof(model));
        ReadoutColumns readout = classifier.Columns.Readouts
            .FirstOrDefault(each => options.ReadoutName is null || each.Name == options.ReadoutName) ?? throw new ArgumentException(
                classifier.Columns.Readouts.Count == 0
                    ? "The model has no readouts. Train some on it as it is: ml.Transforms.EarlyReadout with its weights and "
                        + "TrainedPart.None; docs/readouts.md shows how."
                    : $"The model has no readout '{options.ReadoutName}'; it has {string.Join(", ", classifier.ReadoutNames)}.",
                nameof(model));
        IHostEnvironment environment = CatalogEnvironment.Of(catalog);
        return new ShortcutFinder(
            classifier, readout, options, options.Seed ?? CatalogEnvironment.SeedOf(environment) ?? 0,
            Cancellation.Of(environment, options.CancellationToken)).Find(data, model.Transform(data));
    }

    /// <summary>
    /// Watches a model that serves by the labels that come in later: whether its worst group falls, and whether the margins of its readouts
    /// move away from those of its training.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="model">The model, fitted or loaded. It is not kept: dispose it when you like.</param>
    /// <param name="groupColumnName">The group: a key, text, number or bool column. A group is label × attribute.</param>
    /// <param name="labelColumnName">The true label.</param>
    /// <param name="windowSize">How many of the newest rows count; at least 1.</param>
    /// <param name="baseline">What <c>EvaluateByGroup</c> gave before the model served, of the same group column; <see langword="null"/>
    /// where the worst group is not to be compared.</param>
    /// <param name="confidence">The confidence level of intervals, and of a window's alarms together: where nothing has changed, at most
    /// 1 − confidence of all windows have an alarm, be it of the worst group or of a readout. In (0, 1).</param>
    /// <param name="name">The tag <c>model</c> of the instruments, which tells models apart.</param>
    /// <returns>The monitor, without rows. Dispose it to end its instruments.</returns>
    /// <exception cref="ArgumentException">An argument is out of range; the message lists all faults.</exception>
    [Experimental(ExperimentalId.Monitoring)]
    public static FeedbackMonitor MonitorFeedback(
        this MulticlassClassificationCatalog catalog, EarlyReadoutTransformer model, string groupColumnName,
        string labelColumnName = "Label", int windowSize = 1_000, GroupMetrics? baseline = null, double confidence = 0.95,
        string name = "default")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new FeedbackMonitor(model, groupColumnName, labelColumnName, windowSize, baseline, confidence, name);
    }
}
