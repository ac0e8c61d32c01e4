using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;

try
{
    var ml = new MLContext(seed: 1);
    ml.Log += (_, message) =>
    {
        if (message.Kind == ChannelMessageKind.Warning) Console.WriteLine($"Warning: {message.RawMessage}");
    };
    if (args is ["check"])
    {
        MachineCheck machine = ml.CheckMachine();
        Console.Write(machine);
        return machine.Problems.Count == 0 ? 0 : 1;
    }

    // What you change first. On the command line: dotnet run -c Release -- --csv people.csv --label Income
    var arguments = new Arguments(args);
    string csv = arguments.Text("csv", @"CSV-FILE");         // a header, then a row a line
    string separator = arguments.Text("separator", ",");
    string label = arguments.Text("label", @"LABEL-COLUMN"); // what is predicted
    string group = arguments.Text("group", @"GROUP-COLUMN"); // what the network must not rely on: accuracy is counted for each value
    bool isGroupAFeature = false;                            // true: the network reads that column too
    string[] ignored = [];                                   // columns that are no features, such as an id
    double testFraction = arguments.Number("test", 0.25);    // rows that are only counted at the end
    int? epochs = arguments.Whole("epochs", null);           // null: chosen by the number of rows
    arguments.RefuseOthers();

    Table table = Table.Load(ml, csv, separator, label, group);
    string[] features = [.. table.Names.Except([label, .. isGroupAFeature ? [] : new[] { group }, .. ignored])];
    Console.WriteLine($"{csv}: numbers {string.Join(", ", features.Intersect(table.Numbers))}; "
        + $"texts {string.Join(", ", features.Except(table.Numbers))}");

    // The label's classes are fixed apart from the model, so that the saved model asks for the features and for no label.
    IDataView rows = ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey(label).Fit(table.Rows).Transform(table.Rows));
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rows, testFraction);
    ITransformer preparation = table.ToFeatures(ml, features).Fit(split.TrainSet);
    IDataView train = preparation.Transform(split.TrainSet);

    var plain = ml.MulticlassClassification.Trainers.EarlyReadout(Set(new EarlyReadoutEstimator.Options()));
    var sieve = ml.MulticlassClassification.Trainers.FeatureSieve(Set(new FeatureSieveTrainer.Options())); // ForgetEvery, Readout.Stage …
    (string Name, ITransformer Model, GroupMetrics Groups)[] results = [Result("plain", plain), Result("sieve", sieve)];

    Console.WriteLine(Verdict.Of(results[0].Groups, results[1].Groups));
    ml.MulticlassClassification.CreateReport(
        split.TestSet,
        [.. results.Select(result => new ReportedModel(result.Name, result.Model))],
        new ReportOptions { Title = csv, LabelColumnName = label, GroupColumnName = group }).Save("report.html");
    Console.WriteLine("Written: report.html, plain.zip, sieve.zip");
    return 0;

    // What both trainers have in common.
    T Set<T>(T options) where T : TrainerOptions
    {
        options.LabelColumnName = label;
        options.GroupColumnName = group; // read on validation rows alone: training is told no groups
        options.ValidationFraction = 0.2;
        options.Selection = SelectionMetric.UnbiasedAccuracy;
        options.Epochs = epochs;
        if (!Console.IsOutputRedirected)
            options.OnValidation = now => Console.Write($"\rstep {now.Step} of {now.Steps}, mean of the groups {now.Score:P1} ");
        return options;
    }

    (string, ITransformer, GroupMetrics) Result(string name, IEstimator<EarlyReadoutTransformer> trainer)
    {
        Console.WriteLine($"{Environment.NewLine}{name}: training");
        ITransformer model = preparation.Append(
            trainer.Append(ml.Transforms.Conversion.MapKeyToValue("PredictedClass", "PredictedLabel")).Fit(train));
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(model.Transform(split.TestSet), group, label);
        Console.WriteLine($"{Environment.NewLine}{groups}");
        ml.Model.Save(model, table.Rows.Schema, name + ".zip"); // any app with ML.NET loads it: ml.Model.Load
        // For ONNX: EarlyReadoutTransformer.From(model).SaveAsOnnx(name + ".onnx"); it takes Features. For a graph that takes the columns
        // of the file, see "From raw columns to scores in one graph" in MLSieve's docs/deployment.md.
        return (name, model, groups);
    }
}
catch (Exception fault) when (!Debugger.IsAttached)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}
