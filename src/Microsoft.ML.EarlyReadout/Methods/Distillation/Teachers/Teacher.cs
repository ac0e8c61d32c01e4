using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A teacher that is run on rows: adds its columns to a view, and leaves what the student reads as it is.</summary>
internal sealed class Teacher : IDisposable
{
    private const string BackupPrefix = "EarlyReadout.Kept.";
    private readonly List<ITransformer> _transforms = [];
    private readonly MLContext _ml = new(seed: 0);
    private readonly string _scoreColumn;
    private readonly (ITransformer? Model, string? OnnxPath, string Output) _who;
    private OnnxTeacher? _onnx;

    private Teacher(TeacherOptions options, string source)
    {
        (_scoreColumn, Source) = (options.ScoreColumnName, source);
        _who = (options.Model, options.OnnxPath, options.OutputName);
    }

    /// <summary>Whether there is a model to run, rather than columns in the data.</summary>
    public bool IsModel => _onnx is not null || _transforms.Count > 0;

    /// <summary>Where the scores are from, in the user's own names.</summary>
    public string Source { get; }

    /// <summary>Opens the teacher and fits it to the schema of a view.</summary>
    /// <param name="options">The options.</param>
    /// <param name="columns">What training reads.</param>
    /// <param name="rows">The training rows.</param>
    /// <param name="device">Gives where the graph of a file is computed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The teacher does not give the output named, or drops a column that the student
    /// reads, or a column is not what it reads.</exception>
    /// <exception cref="ArgumentException">The teacher cannot be run on these rows.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model.</exception>
    public static Teacher Prepare(TeacherOptions options, TrainingColumns columns, IDataView rows, Func<ScoringDevice> device)
    {
        if (options is { Model: null, OnnxPath: null }) return new Teacher(options, $"column '{options.ScoreColumnName}'");
        DataViewSchema.Column label = ColumnFinder.Find(rows.Schema, columns.Label, "label");
        if (options.Model is { } model)
        {
            var teacher = new Teacher(options, $"column '{options.OutputName}' of Teacher.Model");
            teacher.AddModel(model, options, columns, label, rows);
            return teacher;
        }

        string? features = FeaturesOf(options, columns);
        bool areThere = features is not null
            && (features == options.ScoreColumnName || rows.Schema.GetColumnOrNull(features) is not null);
        return new Teacher(options, $"output '{options.OutputName}' of '{options.OnnxPath}'")
        {
            _onnx = OnnxTeacher.Open(options, areThere ? null : features, columns.Feature, label, rows.Schema, device()),
        };
    }

    /// <summary>The view with the teacher's columns; the view itself where they are in it. Read it before disposing the teacher.</summary>
    /// <exception cref="ArgumentException">A column cannot be converted to what the teacher's file reads.</exception>
    public IDataView Apply(IDataView rows)
    {
        IDataView scored = _onnx is { } onnx ? new OnnxTeacherView(rows, onnx, _scoreColumn) : rows;
        IDataView taught = _transforms.Aggregate(scored, (view, transform) => transform.Transform(view));
        return IsModel && rows is PackedView packed ? packed.With(taught, _who) : taught;
    }

    public void Dispose() => _onnx?.Dispose();

    private void AddModel(ITransformer model, TeacherOptions options, TrainingColumns columns, DataViewSchema.Column label, IDataView rows)
    {
        // A teacher may write over what the student reads, such as features that it normalises first. The student is scored without its
        // teacher, so it must not see that.
        string?[] read =
        [
            columns.Feature, columns.SecondText, columns.Label, columns.Group, FeaturesOf(options, columns),
            .. columns.Others.Where(column => !column.IsAdded).Select(column => column.Name),
        ];
        string[] own = [.. read.OfType<string>().Distinct().Where(name => rows.Schema.GetColumnOrNull(name) is not null)];
        IDataView scored = Add(model, own.Aggregate(rows, (view, name) => AddCopy(view, name, BackupPrefix + name)));
        if (scored.Schema.GetColumnOrNull(options.OutputName) is not { } output)
            throw ColumnFinder.Mismatch($"The teacher adds no column '{options.OutputName}' (Teacher.OutputName).");
        CheckClasses(output, label);
        if (own.FirstOrDefault(name => scored.Schema.GetColumnOrNull(BackupPrefix + name) is null) is { } dropped)
        {
            throw ColumnFinder.Mismatch($"The teacher keeps only some columns, and not '{dropped}', which the student reads. "
                + "Give the part of it that ends in the scores, without SelectColumns.");
        }

        IDataView taught = AddCopy(scored, options.OutputName, options.ScoreColumnName);
        taught = own.Aggregate(taught, (view, name) => AddCopy(view, BackupPrefix + name, name));
        Add(_ml.Transforms.DropColumns([.. own.Select(name => BackupPrefix + name)]).Fit(taught), taught);
    }

    /// <summary>The column of features, where the training reads it.</summary>
    private static string? FeaturesOf(TeacherOptions options, TrainingColumns columns) =>
        columns.Others.Any(column => column.Name == options.FeatureColumnName) ? options.FeatureColumnName : null;

    private static void CheckClasses(DataViewSchema.Column output, DataViewSchema.Column label)
    {
        if (label.Type is not KeyDataViewType key) return; // told when the label is read
        bool fits = output.Type is VectorDataViewType vector
            && vector.ItemType == NumberDataViewType.Single && (ulong)vector.Size == key.Count;
        if (fits) return;
        throw ColumnFinder.Mismatch($"The teacher's column '{output.Name}' (Teacher.OutputName) is of type {output.Type}; "
            + FormattableString.Invariant($"expected Vector<Single> with one slot for each of the {key.Count} ")
            + $"classes of the label column '{label.Name}'. A teacher of two classes must score both, as multiclass trainers do.");
    }

    private IDataView Add(ITransformer transform, IDataView view)
    {
        _transforms.Add(transform);
        return transform.Transform(view);
    }

    private IDataView AddCopy(IDataView view, string from, string to) => Add(_ml.Transforms.CopyColumns(to, from).Fit(view), view);
}
