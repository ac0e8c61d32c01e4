using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Quickstart;
using TorchSharp;

return CommandLine.Run(args, (options, output, cancellation) =>
{
    NativeBackend.EnsureLoaded(); // says what to add where libtorch is missing, which TorchSharp does not
    torch.set_num_threads(1); // so small a network has no work for two, and with one the figures do not depend on the number of processors
    if (options.Search) return ShapeSearch.Run(options, output, cancellation);
    var runs = new List<Run>();
    for (int seed = options.FirstSeed; seed < options.FirstSeed + options.Seeds; seed++)
    {
        string folder = Path.Combine(output, $"seed-{seed}");
        var ml = new MLContext(seed);
        var images = ShapeImages.Draw(ml, folder, options.Rows, options.Strength, seed, cancellation);
        IDataView train = images.ToPixels.Transform(images.Train), validation = images.ToPixels.Transform(images.Validation);

        var models = new List<ReportedModel>();
        foreach (Method method in Method.All)
        {
            EarlyReadoutTransformer network = TrainingDisplay.Show($"seed {seed}, {method.Name}", progress =>
                method.CreateTrainer(ml, validation, options.Steps, trainer =>
                {
                    trainer.Progress = progress;
                    // Ctrl+C keeps the best network so far; the same command with --output goes on from the checkpoint.
                    trainer.CancellationToken = cancellation;
                    trainer.OnCancellation = CancellationBehavior.ReturnBest;
                    trainer.CheckpointDirectory = Path.Combine(folder, method.Name + "-checkpoints");
                }).Fit(train));
            ITransformer model = images.ToPixels.Append(network);

            string zip = Path.Combine(folder, method.Name + ".zip");
            ml.Model.Save(model, images.Train.Schema, zip);
            cancellation.ThrowIfCancellationRequested();

            IDataView scored = ml.Data.Cache(model.Transform(images.Test)); // read several times below
            runs.Add(Run.Evaluate(ml, scored, seed, method, zip));
            Console.WriteLine(LastThird.Of(network.History.Points).Sentence(method));
            StockReload.Compare(zip, images.Test, scored);
            models.Add(new ReportedModel(method.Name, model));
        }

        Report.WriteSideBySide([.. runs.Where(run => run.Seed == seed)]);
        if (options.ReportPath is not null && seed == options.FirstSeed)
        {
            ml.MulticlassClassification
                .CreateReport(images.Test, models, new ReportOptions { Title = "Shapes on betraying backgrounds", GroupColumnName = "Cue" })
                .Save(options.ReportPath);
            Console.WriteLine($"Report: {options.ReportPath}");
        }
    }

    Report.WriteSummary(runs);
    Console.WriteLine($"Images and models: {output}");
    return runs;
});
