using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Runs a teacher on training rows: adds its score column to a view.</summary>
internal static class Teacher
{
    private const string Kept = "EarlyReadout.Kept.";

    /// <summary>The view with the teacher's score column; the view itself where the column is in it. The columns that the student reads stay as they are.</summary>
    /// <exception cref="ArgumentException">The teacher cannot be run on these rows, does not give the output named, or drops a column that the student reads.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model.</exception>
    public static IDataView Apply(TeacherOptions teacher, TrainingColumns columns, IDataView rows)
    {
        if (teacher.Model is null && teacher.OnnxPath is null) return rows;
        var ml = new MLContext(seed: 0);
        // A teacher may write over what the student reads, such as features that it normalises first. The student is scored without its teacher, so it must not see that.
        string?[] read = [columns.Feature, columns.Label, columns.Group, columns.TeacherFeatures];
        string[] own = [.. read.OfType<string>().Distinct().Where(name => rows.Schema.GetColumnOrNull(name) is not null)];
        IDataView kept = own.Aggregate(rows, (view, name) => Copied(view, name, Kept + name));
        IDataView scored = teacher.Model is { } model ? model.Transform(kept) : Onnx(ml, teacher, columns.Feature, kept);
        if (scored.Schema.GetColumnOrNull(teacher.OutputName) is null)
            throw new ArgumentException($"The teacher adds no column '{teacher.OutputName}' (Teacher.OutputName).");
        if (own.FirstOrDefault(name => scored.Schema.GetColumnOrNull(Kept + name) is null) is { } dropped)
            throw new ArgumentException($"The teacher keeps only some columns, and not '{dropped}', which the student reads. Give the part of it that ends in the scores, without SelectColumns.");
        IDataView taught = Copied(scored, teacher.OutputName, teacher.ScoreColumnName);
        return own.Aggregate(taught, (view, name) => Copied(view, Kept + name, name));

        IDataView Copied(IDataView view, string from, string to) => ml.Transforms.CopyColumns(to, from).Fit(view).Transform(view);
    }

    private static IDataView Onnx(MLContext ml, TeacherOptions teacher, string featureColumn, IDataView rows)
    {
        string path = teacher.OnnxPath!;
        using InferenceSession session = Open(path);
        if (!session.OutputNames.Contains(teacher.OutputName))
            throw new ArgumentException($"{path} has no output '{teacher.OutputName}' (Teacher.OutputName); it has {string.Join(", ", session.OutputNames.Select(name => $"'{name}'"))}.");
        string[] inputs = [.. session.InputNames];
        if (inputs.Length == 1 && inputs[0] != featureColumn) rows = ml.Transforms.CopyColumns(inputs[0], featureColumn).Fit(rows).Transform(rows);
        foreach (string input in inputs) CheckInput(path, input, session.InputMetadata[input].Dimensions, rows.Schema);
        return ml.Transforms.ApplyOnnxModel([teacher.OutputName], inputs, path).Fit(rows).Transform(rows);
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
