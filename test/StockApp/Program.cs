using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

// StockApp model.zip data.idv out.tsv: loads a model, scores the rows twice (as a view, and one by one as a PredictionEngine does), and
// writes a line a row. It then prints the names of its assemblies and native libraries, one a line.
var ml = new MLContext();
using var loaded = (IDisposable)ml.Model.Load(args[0], out _); // until it is disposed, a copy of its graph is in the temporary folder
var model = (ITransformer)loaded;
IDataView data = ml.Data.LoadFromBinary(args[1]);

using (var output = new StreamWriter(args[2]))
{
    WriteView("view", model.Transform(data), output);
    WriteRows("rows", model.GetRowToRowMapper(data.Schema), data, output);
}

foreach (string name in AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name!).Order(StringComparer.Ordinal))
    Console.WriteLine(name);
if (File.Exists("/proc/self/maps"))
    foreach (string library in File.ReadLines("/proc/self/maps")
        .Select(line => Path.GetFileName(line))
        .Where(name => name.Contains(".so", StringComparison.Ordinal))
        .Distinct())
        Console.WriteLine(library);

void WriteView(string how, IDataView scored, TextWriter output)
{
    using DataViewRowCursor cursor = scored.GetRowCursor(Outputs(scored.Schema));
    Action write = Writer(how, cursor, output);
    while (cursor.MoveNext()) write();
}

void WriteRows(string how, IRowToRowMapper mapper, IDataView rows, TextWriter output)
{
    DataViewSchema.Column[] outputs = Outputs(mapper.OutputSchema);
    using DataViewRowCursor cursor = rows.GetRowCursor(mapper.GetDependencies(outputs));
    using DataViewRow row = mapper.GetRow(cursor, outputs);
    Action write = Writer(how, row, output);
    while (cursor.MoveNext()) write();
}

static DataViewSchema.Column[] Outputs(DataViewSchema schema) => [schema["Score"], schema["PredictedLabel"], schema["Answer"]];

static Action Writer(string how, DataViewRow row, TextWriter output)
{
    ValueGetter<VBuffer<float>> score = row.GetGetter<VBuffer<float>>(row.Schema["Score"]);
    ValueGetter<uint> predicted = row.GetGetter<uint>(row.Schema["PredictedLabel"]);
    Func<string> answer = row.Schema["Answer"].Type is TextDataViewType ? Text<ReadOnlyMemory<char>>(row) : Text<int>(row);
    VBuffer<float> scores = default;
    uint key = 0;
    return () =>
    {
        score(ref scores);
        predicted(ref key);
        output.WriteLine(
            string.Join(
                '\t',
                [
                    how,
                    key.ToString(CultureInfo.InvariantCulture),
                    answer(),
                    .. scores.DenseValues().Select(value => value.ToString("R", CultureInfo.InvariantCulture)),
                ]));
    };
}

static Func<string> Text<T>(DataViewRow row)
{
    ValueGetter<T> getter = row.GetGetter<T>(row.Schema["Answer"]);
    T value = default!;
    return () =>
    {
        getter(ref value);
        return Convert.ToString(value, CultureInfo.InvariantCulture)!;
    };
}
