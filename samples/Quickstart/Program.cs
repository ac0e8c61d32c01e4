using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Quickstart;

return CommandLine.Run(args, (options, output, cancellation) =>
{
    var runs = new List<Run>();
    for (int seed = 1; seed <= options.Seeds; seed++)
    {
        // Images and csv files, as anyone has them: the label is the shape, but in training the background nearly always goes with it.
        string folder = Path.Combine(output, $"seed-{seed}");
        string trainCsv = ShapeFiles.Write(folder, "train", BiasedShapes.Draw(options.Rows, options.Strength, seed), cancellation);
        string testCsv = ShapeFiles.Write(folder, "test", BiasedShapes.Draw(BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed), cancellation);

        foreach (Method method in Method.All)
        {
            var ml = new MLContext(seed);
            IDataView train = ShapeFiles.Read(ml, trainCsv);
            IDataView test = ShapeFiles.Read(ml, testCsv);

            FeatureSieveTrainer.Options trainerOptions = method.CreateOptions(options.Epochs);
            trainerOptions.LabelColumnName = "Label";
            trainerOptions.FeatureColumnName = "Pixels";
            // Ctrl+C keeps the best network so far; the same command with --output goes on from the checkpoint.
            trainerOptions.CancellationToken = cancellation;
            trainerOptions.OnCancellation = CancellationBehavior.ReturnBest;
            trainerOptions.CheckpointDirectory = Path.Combine(folder, method.Name + "-checkpoints");

            ITransformer model = TrainingDisplay.Show($"seed {seed}, {method.Name}", progress =>
            {
                trainerOptions.Progress = progress;
                return ml.Transforms.Conversion.MapValueToKey("Label", "Shape")
                    .Append(ml.Transforms.LoadImages("Image", folder, "Path"))
                    .Append(ml.Transforms.ResizeImages("Image", ShapePainter.Side, ShapePainter.Side))
                    .Append(ml.Transforms.ExtractPixels("Pixels", "Image"))
                    .Append(ml.MulticlassClassification.Trainers.FeatureSieve(trainerOptions))
                    .Fit(train);
            });

            string zip = Path.Combine(folder, method.Name + ".zip");
            ml.Model.Save(model, train.Schema, zip);
            cancellation.ThrowIfCancellationRequested();

            IDataView scored = ml.Data.Cache(model.Transform(test)); // read several times below
            runs.Add(Run.Evaluate(ml, scored, seed, method, zip));
            StockReload.Compare(zip, test, scored);
        }

        Report.WriteSideBySide([.. runs.Where(run => run.Seed == seed)]);
    }

    Report.WriteSummary(runs);
    Console.WriteLine($"Images and models: {output}");
    return runs;
});
