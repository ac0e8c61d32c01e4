using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A teacher that is run on rows: the transforms that add its score column to a view, and leave the columns that the student reads as they are.</summary>
internal sealed class Teacher
{
    private const string Kept = "EarlyReadout.Kept.";
    private readonly List<ITransformer> _transforms = [];
    private readonly MLContext _ml = new(seed: 0);

    private Teacher() { }

    /// <summary>Whether there is a model to run, rather than columns in the data.</summary>
    public bool IsModel => _transforms.Count > 0;

    /// <summary>Makes the transforms, fitted to the schema of a view.</summary>
    /// <exception cref="ArgumentException">The teacher cannot be run on these rows, does not give the output named, or drops a column that the student reads.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model.</exception>
    public static Teacher Prepare(TeacherOptions options, TrainingColumns columns, IDataView rows)
    {
        var teacher = new Teacher();
        if (options.Model is null && options.OnnxPath is null) return teacher;
        // A teacher may write over what the student reads, such as features that it normalises first. The student is scored without its teacher, so it must not see that.
        string?[] read = [columns.Feature, columns.Label, columns.Group, columns.TeacherFeatures];
        string[] own = [.. read.OfType<string>().Distinct().Where(name => rows.Schema.GetColumnOrNull(name) is not null)];
        IDataView kept = own.Aggregate(rows, (view, name) => teacher.AddCopy(view, name, Kept + name));
        IDataView scored = options.Model is { } model ? teacher.Add(model, kept) : teacher.AddOnnx(options, columns.Feature, kept);
        if (scored.Schema.GetColumnOrNull(options.OutputName) is null)
            throw new ArgumentException($"The teacher adds no column '{options.OutputName}' (Teacher.OutputName).");
        if (own.FirstOrDefault(name => scored.Schema.GetColumnOrNull(Kept + name) is null) is { } dropped)
            throw new ArgumentException($"The teacher keeps only some columns, and not '{dropped}', which the student reads. Give the part of it that ends in the scores, without SelectColumns.");
        IDataView taught = teacher.AddCopy(scored, options.OutputName, options.ScoreColumnName);
        own.Aggregate(taught, (view, name) => teacher.AddCopy(view, Kept + name, name));
        return teacher;
    }

    /// <summary>The view with the teacher's columns; the view itself where they are in it.</summary>
    public IDataView Apply(IDataView rows) => _transforms.Aggregate(rows, (view, transform) => transform.Transform(view));

    private IDataView Add(ITransformer transform, IDataView view)
    {
        _transforms.Add(transform);
        return transform.Transform(view);
    }

    private IDataView AddCopy(IDataView view, string from, string to) => Add(_ml.Transforms.CopyColumns(to, from).Fit(view), view);

    private IDataView AddOnnx(TeacherOptions options, string featureColumn, IDataView rows)
    {
        string path = options.OnnxPath!;
        using InferenceSession session = Open(path);
        if (!session.OutputNames.Contains(options.OutputName))
            throw new ArgumentException($"{path} has no output '{options.OutputName}' (Teacher.OutputName); it has {string.Join(", ", session.OutputNames.Select(name => $"'{name}'"))}.");
        string[] inputs = [.. session.InputNames];
        if (inputs.Length == 1 && inputs[0] != featureColumn) rows = AddCopy(rows, featureColumn, inputs[0]);
        foreach (string input in inputs) CheckInput(path, input, session.InputMetadata[input].Dimensions, rows.Schema);
        return Add(_ml.Transforms.ApplyOnnxModel([options.OutputName], inputs, path).Fit(rows), rows);
    }

    private static void CheckInput(string path, string input, int[] dimensions, DataViewSchema rows)
    {
        DataViewSchema.Column column = TrainingColumns.Find(rows, input, $"'{Path.GetFileName(path)}' (Teacher.OnnxPath) input");
        int size = dimensions.Skip(1).Aggregate(1, (product, dimension) => product * dimension);
        if (column.Type is VectorDataViewType { IsKnownSize: true } vector && dimensions.Skip(1).All(dimension => dimension > 0) && vector.Size != size)
            throw new ArgumentException(FormattableString.Invariant($"{path} (Teacher.OnnxPath) reads {size} numbers a row as '{input}'; the column has {vector.Size}."));
    }

    private static InferenceSession Open(string path)
    {
        try
        {
            return new InferenceSession(path);
        }
        catch (OnnxRuntimeException fault)
        {
            throw new InvalidDataException($"{path} (Teacher.OnnxPath) is not an ONNX model that can be run: {fault.Message}", fault);
        }
    }
}
