using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Runs a teacher on training rows: adds its score column to a view.</summary>
internal static class Teacher
{
    /// <summary>The view with the teacher's score column; the view itself where the column is in it.</summary>
    /// <exception cref="ArgumentException">The teacher cannot be run on these rows, or does not give the output named.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model.</exception>
    public static IDataView Apply(TeacherOptions teacher, string featureColumn, IDataView rows)
    {
        if (teacher.Model is null && teacher.OnnxPath is null) return rows;
        var ml = new MLContext(seed: 0);
        IDataView scored = teacher.Model is { } model ? model.Transform(rows) : Onnx(ml, teacher, featureColumn, rows);
        if (scored.Schema.GetColumnOrNull(teacher.OutputName) is null)
            throw new ArgumentException($"The teacher adds no column '{teacher.OutputName}' (Teacher.OutputName).");
        IDataView renamed = ml.Transforms.CopyColumns(teacher.ScoreColumnName, teacher.OutputName).Fit(scored).Transform(scored);
        // What else the teacher added must not hide a column of the data, such as its own PredictedLabel.
        string[] own = [.. rows.Schema.Where(column => !column.IsHidden).Select(column => column.Name)];
        return ml.Transforms.SelectColumns([.. own, teacher.ScoreColumnName]).Fit(renamed).Transform(renamed);
    }

    private static IDataView Onnx(MLContext ml, TeacherOptions teacher, string featureColumn, IDataView rows)
    {
        string[] inputs = InputsOf(teacher.OnnxPath!, teacher.OutputName);
        if (inputs.Length == 1 && inputs[0] != featureColumn) rows = ml.Transforms.CopyColumns(inputs[0], featureColumn).Fit(rows).Transform(rows);
        return ml.Transforms.ApplyOnnxModel([teacher.OutputName], inputs, teacher.OnnxPath!).Fit(rows).Transform(rows);
    }

    private static string[] InputsOf(string path, string output)
    {
        try
        {
            using var session = new InferenceSession(path);
            return session.OutputNames.Contains(output)
                ? [.. session.InputNames]
                : throw new ArgumentException($"{path} has no output '{output}' (Teacher.OutputName); it has {string.Join(", ", session.OutputNames.Select(name => $"'{name}'"))}.");
        }
        catch (OnnxRuntimeException fault)
        {
            throw new InvalidDataException($"{path} (Teacher.OnnxPath) is not an ONNX model that can be run: {fault.Message}", fault);
        }
    }
}
