using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a view into a <see cref="TrainingSet"/>: checks the columns when made, then makes one pass; where a vocabulary is
/// learnt from texts, one before it.</summary>
internal sealed class TrainingSetReader
{
    private readonly IDataView _view;
    private readonly Action<string> _log;
    private readonly Action<string> _warn;
    private readonly MemoryBudget _budget;
    private readonly TrainingSet? _like;
    private readonly InputOptions _input;
    private readonly FeatureColumn _features;
    private readonly LabelColumn _label;
    private readonly DataViewSchema.Column? _group;
    private readonly DataViewSchema.Column[] _others;
    private readonly TextOptions _text;
    private readonly string? _rows; // what messages call them; null: the training rows
    private long _rowsOfVocabulary; // that the pass before has learnt one from

    /// <summary>How many workers may read ahead; 1: the thread that packs the rows reads them.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    // before what is told of rows that are not the training rows
    private string Prefix => _rows is null ? "" : $"In {_rows}: ";

    public TrainingSetReader(
        IDataView view, TrainingColumns columns, InputOptions input, MemoryBudget budget, Action<string> log, Action<string> warn,
        TrainingSet? like)
    {
        (_view, _input, _budget, _log, _warn, _like) = (view, input, budget, log, warn, like);
        _features = columns.Features(view.Schema, input);
        _label = LabelColumn.Find(view.Schema, columns.Label, columns.Rows);
        (_text, _rows) = (columns.Text, columns.Rows);
        _group = columns.FindGroup(view.Schema);
        DataViewSchema.Column[] others = [.. columns.Others.Select(other => other.Find(view.Schema, _label.Names.Length))];
        _others = [.. others.DistinctBy(column => column.Index)];
        if (like is not null)
            CheckLike(like);
    }

    public TrainingSet Read(Cancellation cancellation)
    {
        try
        {
            return ReadRows(cancellation);
        }
        catch (InvalidDataException fault) when (_rows is not null) // the row that it tells of is in one view of several
        {
            throw new InvalidDataException(Prefix + fault.Message, fault);
        }
    }

    private TrainingSet ReadRows(Cancellation cancellation)
    {
        cancellation.ThrowIfRequested();
        // Before the rows are read ahead: it may take a pass of its own.
        BertTokenizer? tokenizer = _features.Format is TextFormat ? _like?.Tokenizer ?? Tokenizer(cancellation) : null;
        DataViewSchema.Column?[] needed = [.. _features.All, _label.Column, _group, .. _others];
        using var cursor = new FaultNamingCursor(
            _view, needed.OfType<DataViewSchema.Column>().DistinctBy(each => each.Index), _features.Column, threads: Threads);
        var label = _label.Reader(cursor);
        FeatureReader reader = FeatureReader.Open(cursor, _features, tokenizer);
        CategoryColumn? attribute = _group is { } group ? CategoryColumn.Open(cursor, group, keepsMissing: true) : null;
        RowColumnReader[] others = [.. _others.Select(column => new RowColumnReader(cursor, column, _budget))];

        var shape = _features.Shape ?? _like?.Shape;
        RowPacker? features = null;
        List<int> labels = [], attributes = [];
        long row = 0;
        try
        {
            for (; cursor.MoveNext(); row++)
            {
                cancellation.ThrowIfRequested();
                int c = label();
                if (c < 0)
                    continue;
                features ??= new RowPacker(shape ?? reader.ShapeOf(row), _budget);
                reader.Read(row, features);
                labels.Add(c);
                if (attribute is not null)
                    attributes.Add(attribute.Read());
                foreach (RowColumnReader other in others)
                    other.Read(row);
            }
            if (features is null)
                throw NoRows(row);
            ReportFindings(row, labels);
            reader.ReportFindings(text => _log(Prefix + text), text => _warn(Prefix + text));
            var (groups, groupNames) = attribute is null ? (null, []) : Groups(labels, attributes, attribute);
            return new TrainingSet
            {
                Pixels = Pixels(features),
                Features = features.Finish(),
                Tokenizer = tokenizer,
                ClassNames = _label.Names,
                HasClassNames = _label.HasNames,
                SkippedRows = row - labels.Count,
                Labels = [.. labels],
                Groups = groups,
                GroupNames = groupNames,
                Columns = _others.Zip(others).ToDictionary(each => each.First.Name, each => each.Second.Finish()),
            };
        }
        finally
        {
            features?.Dispose();
            foreach (RowColumnReader other in others)
                other.Dispose();
        }
    }

    private BertTokenizer Tokenizer(Cancellation cancellation)
    {
        if (_text.VocabularyPath is { } path) return new BertTokenizer(BertVocabulary.Load(path), _text.MaxTokens);
        if (_text.Earlier is { } earlier) return new BertTokenizer(earlier.Vocabulary, _text.MaxTokens, earlier.Lowercase);
        if (_text.IsForWeights)
        {
            throw new ArgumentException($"The feature column '{_features.Column.Name}' holds texts, and Network.WeightsPath pretrained "
                + "weights: Network.VocabularyPath must name the vocabulary (vocab.txt) that they were trained with.");
        }

        BertVocabulary learnt = LearntVocabulary.Of(_view, _features.All, _label, Threads, out _rowsOfVocabulary, cancellation);
        _log(FormattableString.Invariant($"No vocabulary is given: {learnt.Size} words and letters of the texts of column ")
            + $"'{_features.Column.Name}' are the vocabulary.");
        return new BertTokenizer(learnt, _text.MaxTokens, lowercase: true);
    }

    private PixelRange? Pixels(RowPacker packer)
    {
        if (!packer.Shape.HasValueRange)
            return null;
        if (_like?.Pixels is not { } trained)
            return PixelRange.Choose(_input, _features, packer.Smallest, packer.Largest, _log, _warn);
        trained.Require(_features.Column.Name, _rows, packer.Smallest, packer.Largest, _warn);
        return trained;
    }

    private InvalidDataException NoRows(long read)
    {
        string none = _rows is null ? "The data has no rows" : "The view has no rows"; // whose it is stands before it
        return new InvalidDataException(read == 0 && _rowsOfVocabulary > 0
            ? FormattableString.Invariant($"The data had {_rowsOfVocabulary} rows when the vocabulary was learnt from their texts, and ")
                + "none when they were read again to cut them into tokens. Give a view that can be read twice, such as a cached one, or a "
                + "vocabulary (Network.VocabularyPath)."
            : read == 0 ? $"{none}."
            : FormattableString.Invariant($"{none} with a label: all {read} rows lack one in column '{_label.Column.Name}'."));
    }

    private void ReportFindings(long read, List<int> labels)
    {
        if (read > labels.Count)
        {
            _log(Prefix
                + FormattableString.Invariant($"Skipped {read - labels.Count} of {read} rows: no label in column '{_label.Column.Name}'."));
        }

        if (_like is not null)
            return;
        bool[] present = new bool[_label.Names.Length];
        foreach (int c in labels)
            present[c] = true;
        string[] absent = [.. _label.Names.Where((_, c) => !present[c])];
        if (absent.Length > 0)
        {
            string named = string.Join(", ", absent.Take(10).Select(each => $"'{each}'")) + (absent.Length > 10 ? ", …" : "");
            _warn(FormattableString.Invariant($"{absent.Length} of {present.Length} classes have no training rows: {named}."));
        }
    }

    private (int[] Groups, string[] Names) Groups(List<int> labels, List<int> attributes, CategoryColumn attribute)
    {
        (int Label, int Attribute)[] pairs =
        [
            .. labels.Zip(attributes).Distinct().OrderBy(pair => pair.First)
                .ThenBy(pair => pair.Second, Comparer<int>.Create(attribute.Compare)),
        ];
        var numbers = pairs.Index().ToDictionary(each => each.Item, each => each.Index);
        return ([.. labels.Zip(attributes).Select(pair => numbers[pair])],
            [.. pairs.Select(pair => GroupName.Of(_label.Names[pair.Label], (attribute, pair.Attribute)))]);
    }

    private void CheckLike(TrainingSet training)
    {
        if (_features.Shape is { } shape && shape != training.Shape)
        {
            throw ColumnFinder.Mismatch($"The feature column '{_features.Column.Name}'{ColumnFinder.Of(_rows)} has the shape {shape}; "
                + $"expected {training.Shape}, as in the training data. {ColumnFinder.TransformAlike}");
        }

        string label = $"The label column '{_label.Column.Name}'{ColumnFinder.Of(_rows)}";
        const string advice = "Transform both sets by one fitted pipeline, so that their keys are the same.";
        if (_label.HasNames && training.HasClassNames)
        {
            if (_label.Names.Except(training.ClassNames).FirstOrDefault() is { } unseen)
                throw ColumnFinder.Mismatch($"{label} has the class '{unseen}', which the training data does not have. {advice}");
            if (training.ClassNames.Except(_label.Names).FirstOrDefault() is { } lacking)
                throw ColumnFinder.Mismatch($"{label} does not know the class '{lacking}' of the training data. {advice}");
            if (!_label.Names.SequenceEqual(training.ClassNames))
                throw ColumnFinder.Mismatch($"{label} has the classes of the training data in another order. {advice}");
        }
        if (_label.Names.Length != training.Classes)
        {
            throw ColumnFinder.Mismatch(FormattableString.Invariant(
                $"{label} has {_label.Names.Length} classes; expected {training.Classes}, as in the training data. {advice}"));
        }
    }
}
