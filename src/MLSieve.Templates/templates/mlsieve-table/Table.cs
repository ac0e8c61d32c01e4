using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.VisualBasic.FileIO;

/// <summary>A csv file with a header. A column whose values are all numbers is one of numbers, with a decimal point, or with a decimal
/// comma where commas do not separate; empty values are missing. Where every comma of a file may part thousands, as in 1,234, nobody knows
/// what they are, and columns with commas are ones of texts.</summary>
internal sealed class Table
{
    private const int MostValues = 100; // of a text column: later ones count as none
    private static readonly NumberFormatInfo _comma = new() { NumberDecimalSeparator = "," };

    private Table(string[] names, string[] numbers, IDataView rows) => (Names, Numbers, Rows) = (names, numbers, rows);

    public string[] Names { get; }

    public string[] Numbers { get; }

    public IDataView Rows { get; }

    /// <summary>Reads the header and the types, and checks each row. Label and group are texts, whatever their values.</summary>
    public static Table Load(MLContext ml, string path, string separator, string label, string group)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file '{path}'. Name yours: --csv FILE, or in Program.cs.");
        if (separator.Length != 1) throw new ArgumentException($"--separator is '{separator}'; it must be one character.");
        if (label == group) throw new ArgumentException($"--label and --group are both '{label}'; name two columns.");
        using var reader = new TextFieldParser(path) { Delimiters = [separator] };
        string[] names = reader.ReadFields() ?? [];
        if (names.Distinct().Count() < names.Length || names.Contains(""))
            throw new InvalidDataException(
                $"'{path}': the header must name each column, and none twice; it is {string.Join(" | ", names)}.");
        foreach (string name in new[] { label, group })
            if (!names.Contains(name))
                throw new InvalidDataException($"'{path}' has no column '{name}'; it has {string.Join(", ", names)}.");

        // ML.NET fills a short row up and cuts a long one off, without a word.
        while (!reader.EndOfData)
        {
            long line = reader.LineNumber;
            int values = reader.ReadFields()!.Length;
            if (values != names.Length)
                throw new InvalidDataException($"'{path}', line {line}: {values} values, and the header has {names.Length}.");
        }

        IDataView texts = Read(_ => DataKind.String, '.');
        var marks = new Dictionary<string, string>(); // of the columns of numbers
        foreach (string name in names.Except([label, group]))
            if (MarksOf(texts.GetColumn<string>(name), separator) is { } found) marks.Add(name, found);
        string[] commas = [.. marks.Keys.Where(name => marks[name].Contains(','))];
        if (commas.All(name => texts.GetColumn<string>(name).All(MayBeThousands)))
        {
            foreach (string name in commas) marks.Remove(name);
            commas = [];
        }

        string[] points = [.. marks.Keys.Where(name => marks[name].Contains('.'))];
        if (points.Length > 0 && commas.Length > 0)
            throw new InvalidDataException(
                $"'{path}' has numbers with a decimal point ({string.Join(", ", points)}) and numbers with a decimal comma "
                    + $"({string.Join(", ", commas)}); write all in one way.");
        IDataView rows = Read(name => marks.ContainsKey(name) ? DataKind.Single : DataKind.String, commas.Length > 0 ? ',' : '.');
        return new Table(names, [.. marks.Keys], rows);

        IDataView Read(Func<string, DataKind> kind, char decimalMark) => ml.Data.LoadFromTextFile(path, new TextLoader.Options
        {
            Columns = [.. names.Select((name, i) => new TextLoader.Column(name, kind(name), i))],
            Separators = [separator[0]],
            DecimalMarker = decimalMark,
            HasHeader = true,
            AllowQuoting = true,
            ReadMultilines = true, // a value in quotes may have line breaks
            TrimWhitespace = true,
            MissingRealsAsNaNs = true,
        });
    }

    /// <summary>Numbers are scaled, texts become a number for each of their values.</summary>
    public IEstimator<ITransformer> ToFeatures(MLContext ml, string[] names)
    {
        InputOutputColumnPair[] numbers = [.. names.Intersect(Numbers).Select(name => new InputOutputColumnPair(name + " (scaled)", name))];
        InputOutputColumnPair[] texts = [.. names.Except(Numbers).Select(name => new InputOutputColumnPair(name + " (one-hot)", name))];
        if (names.Length == 0) throw new InvalidDataException("No column is left as a feature.");
        var steps = new EstimatorChain<ITransformer>();
        if (numbers.Length > 0)
        {
            InputOutputColumnPair[] again = [.. numbers.Select(pair => new InputOutputColumnPair(pair.OutputColumnName))];
            steps = steps.Append<ITransformer>(ml.Transforms.ReplaceMissingValues(
                numbers, Microsoft.ML.Transforms.MissingValueReplacingEstimator.ReplacementMode.Mean));
            steps = steps.Append<ITransformer>(ml.Transforms.NormalizeMeanVariance(again));
        }

        if (texts.Length > 0)
            steps = steps.Append<ITransformer>(ml.Transforms.Categorical.OneHotEncoding(texts, maximumNumberOfKeys: MostValues));
        return steps.Append(ml.Transforms.Concatenate("Features", [.. numbers.Concat(texts).Select(pair => pair.OutputColumnName)]));
    }

    /// <summary>The decimal marks of a column whose values are all numbers; null where they are not.</summary>
    private static string? MarksOf(IEnumerable<string> values, string separator)
    {
        string? marks = null;
        foreach (string value in values.Where(value => value.Length > 0))
        {
            if (!IsNumber(value, CultureInfo.InvariantCulture) && (separator == "," || !IsNumber(value, _comma))) return null;
            marks ??= "";
            foreach (char mark in ".,")
                if (value.Contains(mark) && !marks.Contains(mark)) marks += mark;
        }

        return marks;
    }

    /// <summary>Whether a number has no comma, or one that may as well part the thousands, as in 1,234.</summary>
    private static bool MayBeThousands(string value) => !value.Contains(',') || Regex.IsMatch(value, @"^[+-]?[1-9]\d{0,2},\d{3}$");

    private static bool IsNumber(string value, IFormatProvider format) => float.TryParse(value, NumberStyles.Float, format, out _);
}
