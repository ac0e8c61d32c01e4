using Microsoft.ML.EarlyReadout;

namespace Microsoft.ML;

/// <summary>The report that shows what classifiers lean on.</summary>
public static class ReportCatalog
{
    /// <summary>
    /// Makes one self-contained HTML page from fitted classifiers and labelled rows: accuracy by group, training curves, what readouts see,
    /// the rows that their errors point to, and where in the image each model looks when it is confidently wrong.
    /// </summary>
    /// <param name="catalog">The multiclass classification catalog.</param>
    /// <param name="data">Labelled rows, raw as the models take them. Read once by each model, and a second time, in the same order, where
    /// the page shows pictures or texts of them: cache a view that is slow or that changes.</param>
    /// <param name="models">The models, at least one. The first is the one that the others are compared with; the pictures show which of
    /// its mistakes the second one mends.</param>
    /// <param name="options">Columns, title and number of pictures; <see langword="null"/> for the defaults.</param>
    /// <returns>The report; <see cref="HtmlReport.Save(string)"/> writes it.</returns>
    /// <remarks>
    /// Any ML.NET classifier can be reported. Curves, readouts and maps are there for pipelines that hold an
    /// <see cref="EarlyReadoutTransformer"/>; pictures need the model's feature column, of images or pixels, in the view that the pipeline
    /// makes. Equal inputs give equal pages. Takes no random numbers.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">There is no model, two have one name, or an option is out of range.</exception>
    /// <exception cref="InvalidOperationException">No row has a label and a group, or the models give different rows.</exception>
    public static HtmlReport CreateReport(
        this MulticlassClassificationCatalog catalog, IDataView data, IReadOnlyList<ReportedModel> models, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(models);
        options ??= new ReportOptions();
        options.Validate();
        if (models.Count == 0) throw new ArgumentException("Name at least one model to report.", nameof(models));
        if (models.GroupBy(model => model.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Two models are named '{twice.Key}'; give each a name of its own.", nameof(models));
        return new HtmlReport(ReportPage.Write(options, [.. models.Select(model => ScoredModel.Read(catalog, data, model, options))]));
    }

    /// <summary>
    /// Makes one self-contained HTML page that shows why a search chose as it did: the verdict with the differences by seed, every trial's
    /// curve, the figure against each setting, the losses, and the trials as a table.
    /// </summary>
    /// <param name="result">What the search found.</param>
    /// <param name="title">The page's title.</param>
    /// <returns>The report; <see cref="HtmlReport.Save(string)"/> writes it. Equal results give equal pages.</returns>
    /// <exception cref="ArgumentException">The title is empty.</exception>
    public static HtmlReport CreateReport(this SearchResult result, string title = "What the search found")
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        return new HtmlReport(SearchReportPage.Write(result, title));
    }
}
