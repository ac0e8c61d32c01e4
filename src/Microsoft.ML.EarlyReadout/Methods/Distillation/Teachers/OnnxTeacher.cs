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

    // Kernels for many rows add in another order than those for one: by this much of a row's largest score, where numbers have 16 bits.
    private const float BatchTolerance = 2e-3f;

    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly SharedLifetime _lifetime;
    private readonly string _path;
    private readonly string _output;
    private readonly string[] _inputNames;
    private volatile Batching _batching;

    private OnnxTeacher(string path, string outputName, string featureColumn, DataViewSchema rows, ScoringDevice device)
    {
        (_path, Device) = (path, device);
        _session = OpenSession(path, device);
        _lifetime = new SharedLifetime(_session, _runOptions);
        try
        {
            string[] names = [outputName, outputName + ConverterSuffix];
            _output = names.FirstOrDefault(_session.OutputNames.Contains)
                ?? throw new ArgumentException($"{path} has no output '{outputName}' (Teacher.OutputName); "
                    + $"it has {Listed(_session.OutputNames)}.");
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

    /// <summary>Where the graph is computed.</summary>
    public ScoringDevice Device { get; }

    /// <summary>What the graph reads, in its order.</summary>
    public IReadOnlyList<OnnxTeacherInput> Inputs { get; }

    /// <summary>The names of what the graph reads.</summary>
    public string[] InputNames => _inputNames;

    /// <summary>The numbers of a row, one a class.</summary>
    public int Classes { get; private set; }

    /// <summary>The class of each number as the file names it; <see langword="null"/> where it names none.</summary>
    public string[]? ClassNames { get; private set; }

    /// <summary>Opens a file and checks it against the rows.</summary>
    /// <param name="teacher">The options; they name the file and the output.</param>
    /// <param name="featureColumn">The column that a single input is given.</param>
    /// <param name="label">The label column: the teacher must score its classes.</param>
    /// <param name="rows">The schema of the training rows.</param>
    /// <param name="device">Where the graph is computed.</param>
    /// <exception cref="ArgumentException">The file has no such output, reads other columns, or scores other classes; the message names
    /// file, output and what was found.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX model, or does not run.</exception>
    public static OnnxTeacher Open(
        TeacherOptions teacher, string featureColumn, DataViewSchema.Column label, DataViewSchema rows, ScoringDevice device)
    {
        var opened = new OnnxTeacher(teacher.OnnxPath!, teacher.OutputName, featureColumn, rows, device);
        try
        {
            opened.FindClasses(label);
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

    /// <summary>The scores of some rows, computed together where the graph can.</summary>
    /// <param name="rows">By row, its tensors in the order of <see cref="Inputs"/>.</param>
    /// <param name="first">The first row's number, for messages.</param>
    /// <returns>By row, the scores, or what failed.</returns>
    public (float[] Scores, Exception? Fault)[] Score(IReadOnlyList<OnnxValues> rows, long first)
    {
        if (rows.Count > 1 && ScoreTogether(rows) is { } scores) return [.. scores.Select(row => (row, (Exception?)null))];
        return [.. rows.Select((row, i) => ScoreAlone(row.Values, first + i))];
    }

    /// <summary>Whether the graph has an output of that name.</summary>
    public bool HasOutput(string name) => _session.OutputNames.Contains(name);

    public void Dispose() => _lifetime.Dispose();

    // A graph that fails on a batch, or gives something else than a row of scores for each of its rows, is run row by row from then on:
    // that tells the row that fails, and serves graphs that were exported for one row without saying so. So is one whose rows of a batch
    // change each other's scores, as a softmax over the wrong dimension lets them: the first batch shows it.
    private float[][]? ScoreTogether(IReadOnlyList<OnnxValues> rows)
    {
        if (_batching == Batching.Refused) return null;
        using OnnxValues? batch = OnnxRows.Join(rows);
        if (batch is null) return null;
        try
        {
            (float[][] scores, _) = Run(batch.Values, rows.Count, "a batch");
            bool isOfRows = scores.Length == rows.Count && scores.All(row => row.Length == Classes);
            if (isOfRows && (_batching == Batching.Proven || AreOfRowsAlone(scores, rows)))
            {
                _batching = Batching.Proven;
                return scores;
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
    private bool AreOfRowsAlone(float[][] scores, IReadOnlyList<OnnxValues> rows)
    {
        (float[] alone, Exception? fault) = ScoreAlone(rows[^1].Values, 0);
        if (fault is not null) return false;
        float tolerance = BatchTolerance * alone.Max(score => Math.Max(1, Math.Abs(score)));
        return scores[^1].Zip(alone).All(pair => pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance);
    }

    private (float[] Scores, Exception? Fault) ScoreAlone(IReadOnlyList<OrtValue> inputs, long row)
    {
        try
        {
            (float[][] scores, _) = Run(inputs, 1, FormattableString.Invariant($"row {row}"));
            return scores[0].Length == Classes
                ? (scores[0], null)
                : ([], new InvalidDataException($"{_path} (Teacher.OnnxPath): output '{_output}' has "
                    + FormattableString.Invariant($"{scores[0].Length} numbers in row {row}; expected {Classes}, as in other rows.")));
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException)
        {
            return ([], fault);
        }
    }

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

    private void FindClasses(DataViewSchema.Column label)
    {
        NodeMetadata output = _session.OutputMetadata[_output];
        bool isMap = output.OnnxValueType == OnnxValueType.ONNX_TYPE_SEQUENCE;
        if (!isMap && !HoldsFloats(output))
        {
            string[] scores = [.. _session.OutputMetadata.Where(other => HoldsFloats(other.Value)).Select(other => other.Key)];
            throw Fault($"is {Described(output)}, as of a predicted class; expected floating-point numbers, one a class"
                + (scores.Length > 0 ? $", as perhaps {Listed(scores)} (Teacher.OutputName)" : ""));
        }

        int[] row = isMap ? [] : [.. output.Dimensions.Skip(1)];
        string[]? names = null;
        // Where the file does not tell, one row of zeros does.
        if (row.Length > 0 && row.All(side => side > 0)) Classes = row.Aggregate((product, side) => product * side);
        else (Classes, names) = Try();
        if (label.Type is KeyDataViewType key && (ulong)Classes != key.Count)
        {
            throw Fault(FormattableString.Invariant($"has {Classes} numbers a row; expected one for each of the {key.Count} classes of ")
                + $"the label column '{label.Name}'"
                + (Classes == 1 ? ". Where one number stands for two classes, export a model that gives both" : ""));
        }

        string[]? labels = ColumnAnnotation.Names(label, ColumnAnnotation.KeyValues);
        // Numbers from 0 are mostly those that text labels were given for scikit-learn: the places of the classes, not their names.
        IEnumerable<string> places = Enumerable.Range(0, Classes).Select(c => c.ToString(CultureInfo.InvariantCulture));
        bool arePlaces = names is not null && names.SequenceEqual(places) && labels is not null && names.Except(labels).Any();
        ClassNames = arePlaces ? null : names ?? SlotNames();

        (int, string[]?) Try()
        {
            using var zeros = new OnnxValues([.. Inputs.Select(input => input.Zeros())]);
            (float[][] scores, string[]? keys) = Run(zeros.Values, 1, "a row of zeros");
            return (scores[0].Length, keys);
        }
    }

    /// <summary>Runs the graph.</summary>
    /// <returns>By row, its numbers; and the classes, where the file names them with each row.</returns>
    private (float[][] Scores, string[]? Keys) Run(IReadOnlyList<OrtValue> inputs, int rows, string what)
    {
        try
        {
            using SharedLifetime.Use use = _lifetime.Enter();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_runOptions, _inputNames, inputs, [_output]);
            switch (outputs[0].OnnxType)
            {
                case OnnxValueType.ONNX_TYPE_TENSOR:
                    float[] numbers = OnnxNumbers.Floats(outputs[0]);
                    return ([.. numbers.Chunk(Math.Max(1, numbers.Length / rows))], null);
                case OnnxValueType.ONNX_TYPE_SEQUENCE when OnnxNumbers.Maps(outputs[0]) is { Length: > 0 } maps:
                    return ([.. maps.Select(map => map.Numbers)], maps[0].Classes);
                case OnnxValueType.ONNX_TYPE_SEQUENCE:
                    throw Fault("is a sequence of something else than maps from class to probability");
                default:
                    throw Fault($"is {Described(_session.OutputMetadata[_output])}; expected floating-point numbers, one a class");
            }
        }
        catch (OnnxRuntimeException fault)
        {
            throw new InvalidDataException($"{_path} (Teacher.OnnxPath) fails on {what}: {fault.Message}", fault);
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

    private ArgumentException Fault(string what) => new($"{_path} (Teacher.OnnxPath): output '{_output}' {what}.");

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
