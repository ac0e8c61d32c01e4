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

    // What you change first. On the command line: dotnet run -c Release -- --images birds.csv --size 96
    var arguments = new Arguments(args);
    string images = arguments.Text("images", @"IMAGES-PATH"); // a csv file, or a folder: images/label/group/image.jpg
    string path = arguments.Text("path", @"PATH-COLUMN");     // the columns of the csv file
    string label = arguments.Text("label", @"LABEL-COLUMN");  // what is predicted
    string group = arguments.Text("group", @"GROUP-COLUMN");  // what the network must not rely on: accuracy is counted for each value
    int size = arguments.Whole("size", 64)!.Value;            // images become size × size; small ones train faster
    double testFraction = arguments.Number("test", 0.25);     // images that are only counted at the end
    int? epochs = arguments.Whole("epochs", null);            // null: chosen by the number of images
    arguments.RefuseOthers();

    IReadOnlyList<Picture> pictures = Images.Load(ml, images, path, label, group);
    IDataView files = ml.Data.LoadFromEnumerable(pictures);
    Console.WriteLine($"{images}: {pictures.Count} images; "
        + $"labels {string.Join(", ", pictures.Select(picture => picture.Label).Distinct().Order())}; "
        + $"groups {string.Join(", ", pictures.Select(picture => picture.Group).Distinct().Order())}");

    // The label's classes are fixed apart from the model, so that the saved model asks for an image and for no label.
    IDataView rows = ml.Transforms.Conversion.MapValueToKey("Label").Fit(files).Transform(files);
    DataOperationsCatalog.TrainTestData split = ml.Data.TrainTestSplit(rows, testFraction);
    ITransformer preparation = ml.Transforms.LoadImages("Image", null, "Path")
        .Append(ml.Transforms.ResizeImages("Image", size, size))
        .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
        .Fit(split.TrainSet);
    IDataView train = preparation.Transform(split.TrainSet);

    var plain = ml.MulticlassClassification.Trainers.EarlyReadout(Set(new EarlyReadoutEstimator.Options()));
    var sieve = ml.MulticlassClassification.Trainers.FeatureSieve(Set(new FeatureSieveTrainer.Options())); // ForgetEvery, Readout.Stage …
    (string Name, ITransformer Model, GroupMetrics Groups)[] results = [Result("plain", plain), Result("sieve", sieve)];

    Console.WriteLine(Verdict.Of(results[0].Groups, results[1].Groups));
    ml.MulticlassClassification.CreateReport(
        split.TestSet,
        [.. results.Select(result => new ReportedModel(result.Name, result.Model))],
        new ReportOptions { Title = images, GroupColumnName = "Group" }).Save("report.html");
    Console.WriteLine("Written: report.html, plain.zip, sieve.zip");
    return 0;

    // What both trainers have in common.
    T Set<T>(T options) where T : TrainerOptions
    {
        options.FeatureColumnName = "Pixels";
        options.GroupColumnName = "Group"; // read on validation rows alone: training is told no groups
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
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(model.Transform(split.TestSet), "Group");
        Console.WriteLine($"{Environment.NewLine}{groups}");
        ml.Model.Save(model, files.Schema, name + ".zip"); // any app with ML.NET loads it: ml.Model.Load
        // For ONNX: EarlyReadoutTransformer.From(model).SaveAsOnnx(name + ".onnx"); it takes pixels from 0 to 255.
        return (name, model, groups);
    }
}
catch (Exception fault) when (!Debugger.IsAttached)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}
