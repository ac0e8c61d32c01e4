using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>The HTML report of a study: the models of its first seed, side by side on the test rows.</summary>
internal static class ModelPage
{
    private const int Seed = 1;

    /// <summary>Trains each method's first seed again, which gives the same model, and writes the page.</summary>
    /// <param name="path">The file.</param>
    /// <param name="several">Whether there are several studies, so that each file has the study's name in its own.</param>
    /// <param name="study">The study.</param>
    /// <param name="finals">Its final runs; those that diverged, and of other seeds, are left out.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    /// <returns>The file.</returns>
    public static string Write(
        string path, bool several, MethodStudy study, IEnumerable<FinishedRun> finals, CancellationToken cancellation)
    {
        if (several)
            path = Path.Combine(
                Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-{study.Name}{Path.GetExtension(path)}");
        var models = new List<ReportedModel>();
        IDataView? test = null;
        try
        {
            foreach (FinishedRun run in finals.Where(run => run.Seed == Seed && run.Primary is not null))
            {
                TrainedModel trained = study.TrainAgain(run.Method, run.Settings, run.Seed, cancellation);
                test ??= trained.Test;
                models.Add(new ReportedModel(run.Method, trained.Model));
            }

            if (models.Count == 0) throw new UsageException("--report: no model of seed 1 to show.");
            new MLContext(Seed).MulticlassClassification
                .CreateReport(
                    test!, models,
                    new ReportOptions
                    {
                        Title = FormattableString.Invariant($"{study.Name}, seed {Seed}"),
                        GroupColumnName = study.GroupColumn,
                    })
                .Save(path);
            return Path.GetFullPath(path);
        }
        finally
        {
            foreach (ReportedModel model in models) (model.Model as IDisposable)?.Dispose();
        }
    }
}
