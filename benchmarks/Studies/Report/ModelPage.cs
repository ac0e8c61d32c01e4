using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>The HTML report of a study: the models of its first seed, side by side on the test rows.</summary>
internal static class ModelPage
{
    private const int Seed = 1;

    /// <summary>Trains each method's first seed again, which gives the same model, and writes the page.</summary>
    /// <returns>The file: the asked one, with the study's name in it where there are several.</returns>
    public static string Write(string path, bool several, MethodStudy study, IEnumerable<Record> records, CancellationToken cancellation)
    {
        if (several)
            path = Path.Combine(
                Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-{study.Name}{Path.GetExtension(path)}");
        var models = new List<ReportedModel>();
        IDataView? test = null;
        try
        {
            foreach (Record record in records.Where(record => record.Seed == Seed && record.Diverged is null)
                .DistinctBy(record => record.Method))
            {
                TrainedModel trained = study.TrainAgain(record.Method, record.Setting, record.Seed, cancellation);
                test ??= trained.Test;
                models.Add(new ReportedModel(record.Method, trained.Model));
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
