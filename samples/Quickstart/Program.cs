using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Quickstart;

return CommandLine.Run(args, (options, output, cancellation) =>
{
    if (options.Search) return ShapeSearch.Run(options, output, cancellation);
    var runs = new List<Run>();
    for (int seed = options.FirstSeed; seed < options.FirstSeed + options.Seeds; seed++)
    {
        // Images and csv files, as anyone has them: the label is the shape, but in training the background nearly always goes with it.
        string folder = Path.Combine(output, $"seed-{seed}");
        string trainCsv = ShapeFiles.Write(folder, "train", BiasedShapes.Draw(options.Rows, options.Strength, seed), cancellation);
        string testCsv = ShapeFiles.Write(folder, "test", BiasedShapes.Draw(BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed), cancellation);

        var models = new List<ReportedModel>();
        foreach (Method method in Method.All)
        {
            var ml = new MLContext(seed);
            IDataView train = ShapeFiles.Read(ml, trainCsv);
            IDataView test = ShapeFiles.Read(ml, testCsv);

            ITransformer model = TrainingDisplay.Show($"seed {seed}, {method.Name}", progress =>
                ml.Transforms.Conversion.MapValueToKey("Label", "Shape")
                    .Append(ml.Transforms.LoadImages("Image", folder, "Path"))
                    .Append(ml.Transforms.ResizeImages("Image", ShapePainter.Side, ShapePainter.Side))
                    .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
                    .Append(method.CreateTrainer(ml, trainer =>
                    {
                        trainer.LabelColumnName = "Label";
                        trainer.FeatureColumnName = "Pixels";
                        trainer.Epochs = options.Epochs;
                        trainer.Progress = progress;
                        // Ctrl+C keeps the best network so far; the same command with --output goes on from the checkpoint.
                        trainer.CancellationToken = cancellation;
                        trainer.OnCancellation = CancellationBehavior.ReturnBest;
                        trainer.CheckpointDirectory = Path.Combine(folder, method.Name + "-checkpoints");
                    }))
                    .Fit(train));

            string zip = Path.Combine(folder, method.Name + ".zip");
            ml.Model.Save(model, train.Schema, zip);
            cancellation.ThrowIfCancellationRequested();

            IDataView scored = ml.Data.Cache(model.Transform(test)); // read several times below
            runs.Add(Run.Evaluate(ml, scored, seed, method, zip));
            StockReload.Compare(zip, test, scored);
            models.Add(new ReportedModel(method.Name, model));
        }

        Report.WriteSideBySide([.. runs.Where(run => run.Seed == seed)]);
        if (options.ReportPath is not null && seed == options.FirstSeed)
        {
            new MLContext().MulticlassClassification
                .CreateReport(ShapeFiles.Read(new MLContext(), testCsv), models, new ReportOptions { Title = "Shapes on betraying backgrounds", GroupColumnName = "Cue" })
                .Save(options.ReportPath);
            Console.WriteLine($"Report: {options.ReportPath}");
        }
    }

    Report.WriteSummary(runs);
    Console.WriteLine($"Images and models: {output}");
    return runs;
});
