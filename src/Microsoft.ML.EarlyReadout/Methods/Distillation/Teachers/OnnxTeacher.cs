using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A teacher from an <c>.onnx</c> file of any maker: floating-point inputs and outputs of any width, outputs whose shape the file does not
/// tell, and scikit-learn's maps from class to probability (ZipMap).
/// </summary>
/// <threadsafety>Thread-safe. <see cref="Dispose"/> lets calls that run finish; later ones throw.</threadsafety>
internal sealed class OnnxTeacher : IDisposable
{
    private const string ConverterSuffix = ".output"; // what ML.NET's converter adds to a column's name

    // Kernels for many rows add in another order than those for one: by this much of a row's largest number, where those have 16 bits.
    private const float BatchTolerance = 2e-3f;

    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly SharedLifetime _lifetime;
    private readonly string _path;
    private readonly string _output;
    private readonly string[] _outputs; // the scores, then the features, where they are another output
    private readonly string[] _inputNames;
    private int[] _widths = []; // by output, the numbers of a row
    private volatile Batching _batching;

    private OnnxTeacher(
        string path, string outputName, string? featureOutput, string featureColumn, DataViewSchema rows, ScoringDevice device)
    {
        _path = path;
        _session = OpenSession(path, device);
        _lifetime = new SharedLifetime(_session, _runOptions);
        try
        {
            string[] names = [outputName, outputName + ConverterSuffix];
            _output = names.FirstOrDefault(_session.OutputNames.Contains)
                ?? throw new ArgumentException($"{path} has no output '{outputName}' (Teacher.OutputName); "
                    + $"it has {Listed(_session.OutputNames)}.");
            FeatureOutput = featureOutput is not null && _session.OutputNames.Contains(featureOutput) ? featureOutput : null;
            _outputs = FeatureOutput is { } features && features != _output ? [_output, features] : [_output];
            _inputNames = [.. _session.InputNames];
            bool isSingle = _inputNames.Length == 1;
            Inputs = [.. _session.InputMetadata.OrderBy(input => Array.IndexOf(_inputNames, input.Key))
                .Select(input => OnnxTeacherInput.Of(path, input.Key, input.Value, isSingle ? featureColumn : input.Key, rows))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the graph reads, in its order.</summary>
    public IReadOnlyList<OnnxTeacherInput> Inputs { get; }

    /// <summary>The scores of a row, one a class.</summary>
    public int Classes => _widths[0];

    /// <summary>The output of features; <see langword="null"/> where none are asked for, or the file has none of that name.</summary>
    public string? FeatureOutput { get; }

    /// <summary>The dimensions of a row's features.</summary>
    public int[] FeatureDimensions { get; private set; } = [];

    /// <summary>The class of each number as the file names it; <see langword="null"/> where it names none.</summary>
    public string[]? ClassNames { get; private set; }

    /// <summary>Opens a file and checks it against the rows.</summary>
    /// <param name="teacher">The options; they name the file and the output.</param>
    /// <param name="featureOutput">An output of features to be given too, where the file has it.</param>
    /// <param name="featureColumn">The column that a single input is given.</param>
    /// <param name="label">The label column: the teacher must score its classes.</param>
    /// <param name="rows">The schema of the training rows.</param>
    /// <param name="device">Where the graph is computed.</param>
    /// <exception cref="ArgumentException">The file has no such output, reads other columns, or scores other classes; the message names
    /// file, output and what was found.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or does not run.</exception>
    public static OnnxTeacher Open(
        TeacherOptions teacher, string? featureOutput, string featureColumn, DataViewSchema.Column label, DataViewSchema rows,
        ScoringDevice device)
    {
        var opened = new OnnxTeacher(teacher.OnnxPath!, teacher.OutputName, featureOutput, featureColumn, rows, device);
        try
        {
            opened.FindSizes(label);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>How many rows are best scored together: 1 where the graph reads one at a time.</summary>
    public int BatchRows => Inputs.Min(input => input.BatchRows);

    /// <summary>What the graph says of some rows, computed together where it can.</summary>
    /// <param name="rows">By row, its tensors in the order of <see cref="Inputs"/>.</param>
    /// <param name="first">The first row's number, for messages.</param>
    /// <returns>By row, the answer, or what failed.</returns>
    public (OnnxAnswer? Answer, Exception? Fault)[] Ask(IReadOnlyList<OnnxValues> rows, long first)
    {
        if (rows.Count > 1 && AskTogether(rows) is { } answers) return [.. answers.Select(answer => (answer, (Exception?)null))];
        return [.. rows.Select((row, i) => AskAlone(row.Values, first + i))];
    }

    public void Dispose() => _lifetime.Dispose();

    // A graph that fails on a batch, or gives something else than a row of numbers for each of its rows, is run row by row from then on:
    // that tells the row that fails, and serves graphs that were exported for one row without saying so. So is one whose rows of a batch
    // change each other's numbers, as a softmax over the wrong dimension lets them: the first batch shows it.
    private OnnxAnswer[]? AskTogether(IReadOnlyList<OnnxValues> rows)
    {
        if (_batching == Batching.Refused) return null;
        using OnnxValues? batch = OnnxRows.Join(rows);
        if (batch is null) return null;
        try
        {
            Output[] outputs = Run(batch.Values, rows.Count, "a batch");
            bool isOfRows = outputs.Zip(_widths).All(each =>
                each.First.Rows.Length == rows.Count && each.First.Rows.All(row => row.Length == each.Second));
            if (isOfRows && (_batching == Batching.Proven || AreOfRowsAlone(outputs, rows)))
            {
                _batching = Batching.Proven;
                return [.. Enumerable.Range(0, rows.Count).Select(row => AnswerOf(outputs, row))];
            }
        }
        catch (InvalidDataException)
        {
            // told of the row
        }

        _batching = Batching.Refused;
        return null;
    }

    // The last row is the one that most others could have changed.
    private bool AreOfRowsAlone(Output[] outputs, IReadOnlyList<OnnxValues> rows)
    {
        if (AskAlone(rows[^1].Values, 0).Answer is not { } alone) return false;
        OnnxAnswer last = AnswerOf(outputs, rows.Count - 1);
        return AreNear(last.Scores, alone.Scores) && AreNear(last.Features, alone.Features);
    }

    private static bool AreNear(float[] together, float[] alone)
    {
        float tolerance = BatchTolerance * alone.Max(number => Math.Max(1, Math.Abs(number)));
        return together.Zip(alone).All(pair => pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance);
    }

    private (OnnxAnswer? Answer, Exception? Fault) AskAlone(IReadOnlyList<OrtValue> inputs, long row)
    {
        try
        {
            Output[] outputs = Run(inputs, 1, FormattableString.Invariant($"row {row}"));
            for (int i = 0; i < outputs.Length; i++)
            {
                int width = outputs[i].Rows[0].Length;
                if (width == _widths[i]) continue;
                return (null, new InvalidDataException($"{_path} (Teacher.OnnxPath): output '{_outputs[i]}' has "
                    + FormattableString.Invariant($"{width} numbers in row {row}; expected {_widths[i]}, as in other rows.")));
            }

            return (AnswerOf(outputs, 0), null);
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException)
        {
            return (null, fault);
        }
    }

    private static OnnxAnswer AnswerOf(Output[] outputs, int row) => new(outputs[0].Rows[row], outputs[^1].Rows[row]);

    private static InferenceSession OpenSession(string path, ScoringDevice device)
    {
        try
        {
            return device.Open(path);
        }
        catch (OnnxRuntimeException fault)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            string why = ForeignFile.Describe(file) ?? fault.Message;
            throw new InvalidDataException($"{path} (Teacher.OnnxPath) is not an ONNX model that can be run: {why}", fault);
        }
    }

    private void FindSizes(DataViewSchema.Column label)
    {
        NodeMetadata output = _session.OutputMetadata[_output];
        if (output.OnnxValueType != OnnxValueType.ONNX_TYPE_SEQUENCE && !HoldsFloats(output))
        {
            string[] scores = [.. _session.OutputMetadata.Where(other => HoldsFloats(other.Value)).Select(other => other.Key)];
            throw Fault(_output, $"is {Described(output)}, as of a predicted class; expected floating-point numbers, one a class"
                + (scores.Length > 0 ? $", as perhaps {Listed(scores)} (Teacher.OutputName)" : ""));
        }

        NodeMetadata? features = FeatureOutput is null ? null : _session.OutputMetadata[FeatureOutput];
        if (features is not null && !HoldsFloats(features))
        {
            throw Fault(
                FeatureOutput!, $"(Teacher.FeatureColumnName) is {Described(features)}; expected floating-point numbers, the features");
        }

        int[]? row = RowOf(output), featureRow = features is null ? [] : RowOf(features);
        string[]? names = null;
        if (row is null || featureRow is null)
        {
            // Where the file does not tell, one row of zeros does.
            using var zeros = new OnnxValues([.. Inputs.Select(input => input.Zeros())]);
            Output[] outputs = Run(zeros.Values, 1, "a row of zeros");
            row ??= [outputs[0].Rows[0].Length];
            featureRow ??= outputs[^1].Dimensions;
            names = outputs[0].Keys;
        }

        FeatureDimensions = featureRow;
        _widths = _outputs.Length == 1 ? [Product(row)] : [Product(row), Product(featureRow)];
        if (label.Type is KeyDataViewType key && (ulong)Classes != key.Count)
        {
            throw Fault(
                _output,
                FormattableString.Invariant($"has {Classes} numbers a row; expected one for each of the {key.Count} classes of ")
                    + $"the label column '{label.Name}'"
                    + (Classes == 1 ? ". Where one number stands for two classes, export a model that gives both" : ""));
        }

        string[]? labels = ColumnAnnotation.Names(label, ColumnAnnotation.KeyValues);
        // Numbers from 0 are mostly those that text labels were given for scikit-learn: the places of the classes, not their names.
        IEnumerable<string> places = Enumerable.Range(0, Classes).Select(c => c.ToString(CultureInfo.InvariantCulture));
        bool arePlaces = names is not null && names.SequenceEqual(places) && labels is not null && names.Except(labels).Any();
        ClassNames = arePlaces ? null : names ?? SlotNames();
    }

    /// <summary>Runs the graph.</summary>
    /// <returns>What it puts out, by output.</returns>
    private Output[] Run(IReadOnlyList<OrtValue> inputs, int rows, string what)
    {
        try
        {
            using SharedLifetime.Use use = _lifetime.Enter();
            using IDisposableReadOnlyCollection<OrtValue> values = _session.Run(_runOptions, _inputNames, inputs, _outputs);
            return [.. values.Zip(_outputs, (value, name) => Read(value, name, rows))];
        }
        catch (OnnxRuntimeException fault)
        {
            throw new InvalidDataException($"{_path} (Teacher.OnnxPath) fails on {what}: {fault.Message}", fault);
        }
    }

    private Output Read(OrtValue value, string name, int rows)
    {
        switch (value.OnnxType)
        {
            case OnnxValueType.ONNX_TYPE_TENSOR:
                float[] numbers = OnnxNumbers.Floats(value);
                int width = numbers.Length / rows;
                int[] dimensions = [.. value.GetTensorTypeAndShape().Shape.Skip(1).Select(side => (int)side)];
                return new Output(
                    [.. numbers.Chunk(Math.Max(1, width))],
                    dimensions.Length > 0 && Product(dimensions) == width ? dimensions : [width]);
            case OnnxValueType.ONNX_TYPE_SEQUENCE when OnnxNumbers.Maps(value) is { Length: > 0 } maps:
                return new Output([.. maps.Select(map => map.Numbers)], [maps[0].Numbers.Length], maps[0].Classes);
            case OnnxValueType.ONNX_TYPE_SEQUENCE:
                throw Fault(name, "is a sequence of something else than maps from class to probability");
            default:
                throw Fault(name, $"is {Described(_session.OutputMetadata[name])}; expected floating-point numbers, one a class");
        }
    }

    /// <summary>The classes as ML.NET's own converter writes them beside a score.</summary>
    private string[]? SlotNames()
    {
        if (_session.ModelMetadata.ProducerName != "ML.NET") return null;
        using FileStream file = File.OpenRead(_path);
        string column = _output.EndsWith(ConverterSuffix, StringComparison.Ordinal) ? _output[..^ConverterSuffix.Length] : _output;
        NodeProto? node = ModelProto.Parser.ParseFrom(file).Graph.Node.FirstOrDefault(node => node.Name == $"mlnet.{column}.SlotNames");
        AttributeProto? keys = node?.Attribute.FirstOrDefault(attribute => attribute.Name == "keys_strings");
        return keys?.Strings.Count == Classes ? [.. keys.Strings.Select(name => name.ToStringUtf8())] : null;
    }

    private ArgumentException Fault(string output, string what) => new($"{_path} (Teacher.OnnxPath): output '{output}' {what}.");

    /// <summary>The dimensions of a row; <see langword="null"/> where the file does not tell them.</summary>
    private static int[]? RowOf(NodeMetadata output) =>
        output.IsTensor && output.Dimensions is [_, .. { Length: > 0 } row] && row.All(side => side > 0) ? row : null;

    private static int Product(int[] dimensions) => dimensions.Aggregate(1, (product, side) => product * side);

    /// <summary>What an output has for some rows.</summary>
    /// <param name="Rows">By row, its numbers.</param>
    /// <param name="Dimensions">The dimensions of a row.</param>
    /// <param name="Keys">The classes, where the file names them with each row.</param>
    private sealed record Output(float[][] Rows, int[] Dimensions, string[]? Keys = null);

    /// <summary>Whether rows may be scored together.</summary>
    private enum Batching
    {
        Untried,
        Proven,
        Refused,
    }

    private static bool HoldsFloats(NodeMetadata output) => output.IsTensor && OnnxNumbers.IsFloat(output.ElementDataType);

    private static string Described(NodeMetadata output)
    {
        if (!output.IsTensor) return output.OnnxValueType.ToString();
        IEnumerable<string> sides = output.Dimensions.Select(side => side > 0 ? side.ToString(CultureInfo.InvariantCulture) : "N");
        return $"{output.ElementDataType} ({string.Join(", ", sides)})";
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
