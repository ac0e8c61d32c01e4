namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Confident mistakes of the first model, those that the second one mends and those that it does not, and those that it introduces: image
/// and each model's map side by side, or the text.
/// </summary>
internal static class MistakeSection
{
    // Beside an image, more maps would be too small to see; the tables have every model.
    private const int ModelsBeside = 3;

    private static readonly Markup Right = new("<span aria-hidden=\"true\">✓ </span>right");
    private static readonly Markup Wrong = new("<span aria-hidden=\"true\">✗ </span>wrong");

    /// <summary>The rows that <see cref="Write"/> shows, of each model that is beside them.</summary>
    /// <exception cref="InvalidOperationException">The models did not score the same rows.</exception>
    public static IEnumerable<(ScoredModel Model, int Row)> Shown(IReadOnlyList<ScoredModel> models, ReportOptions options) =>
        from part in Parts(models, models.Count == 1 ? null : Mistakes.Of(models), options)
        from row in part.Rows
        from model in models.Take(ModelsBeside)
        select (model, row);

    public static Markup Write(IReadOnlyList<ScoredModel> models, ReportOptions options)
    {
        Mistakes? mistakes = models.Count == 1 ? null : Mistakes.Of(models);
        ScoredModel[] beside = [.. models.Take(ModelsBeside)];
        return Markup.Of($"""
            <section aria-labelledby="mistakes"><h2 id="mistakes">Confident mistakes</h2>
            {(mistakes is null ? Markup.Empty : Counts(models[0], models[1], mistakes))}
            {Explanation(models, options)}
            {Parts(models, mistakes, options).Select(part => Rows(part.Title, part.Subtitle, part.Rows, beside))}
            </section>

            """);
    }

    private static IEnumerable<(string Title, string Subtitle, int[] Rows)> Parts(
        IReadOnlyList<ScoredModel> models, Mistakes? mistakes, ReportOptions options)
    {
        ScoredModel first = models[0];
        if (mistakes is null)
        {
            ScoredRow[] wrong = [.. first.Rows.Where(row => !row.IsRight).OrderByDescending(row => row.Margin).ThenBy(row => row.Index)];
            return [($"Wrong: {wrong.Length} of {first.Rows.Count} rows", "The most confident first.", First(wrong))];
        }

        ScoredModel second = models[1];
        string firsts = $"Those of which {first.Name} is most sure.", seconds = $"Those of which {second.Name} is most sure.";
        return
        [
            ($"Mended: {first.Name} is wrong, {second.Name} is right (rows: {mistakes.Fixed.Count})", firsts, FirstOf(mistakes.Fixed)),
            ($"Not mended: both are wrong (rows: {mistakes.Remaining.Count})", firsts, FirstOf(mistakes.Remaining)),
            ($"New: {first.Name} is right, {second.Name} is wrong (rows: {mistakes.Introduced.Count})", seconds,
                FirstOf(mistakes.Introduced)),
        ];

        int[] First(IEnumerable<ScoredRow> rows) => [.. rows.Take(options.Pictures).Select(row => row.Index)];
        int[] FirstOf(IEnumerable<MistakenRow> rows) => First(rows.Select(row => row.First));
    }

    private static Markup Counts(ScoredModel first, ScoredModel second, Mistakes mistakes)
    {
        ReportedGroup[] groups = [.. first.Groups.Groups.Select(ReportedGroup.Of)];
        Dictionary<ReportedGroup, int>[] counts =
        [
            .. new[]
            {
                mistakes.Fixed,
                mistakes.Remaining,
                mistakes.Introduced,
            }.Select(rows => rows.CountBy(row => row.First.Group).ToDictionary()),
        ];
        return Table.Of(
            $"Rows by what becomes of {first.Name}'s mistakes under {second.Name}", ["Group", "Mended", "Not mended", "New"],
            groups.Select(group => (IReadOnlyList<Markup>)
                [Table.Cell(group.Name), .. counts.Select(each => Markup.Of($"{each.GetValueOrDefault(group)}"))])
                .Append([
                    Table.Cell("All rows"),
                    Markup.Of($"{mistakes.Fixed.Count}"),
                    Markup.Of($"{mistakes.Remaining.Count}"),
                    Markup.Of($"{mistakes.Introduced.Count}"),
                ]));
    }

    private static Markup Explanation(IReadOnlyList<ScoredModel> models, ReportOptions options) =>
        options.Pictures == 0 || !models.Any(model => model.Classifier is { HasActivationMaps: true }) ? Markup.Empty : Markup.Of($"""
            <p>Beside each image, a map for each{(models.Count > ModelsBeside ? $" of the first {ModelsBeside} models" : " model")}:
            where it sees what speaks for the class that it predicts
            (class activation map, which for these networks is Grad-CAM). The image is grey where the map is 0.
            Colours run from 0 to the map's own highest value: they compare places, not pictures.</p>
            <p class="scale" aria-hidden="true">0<span class="bar"></span>the map's highest value</p>

            """);

    private static Markup Rows(string title, string subtitle, int[] indexes, IReadOnlyList<ScoredModel> models)
    {
        string none = title.EndsWith("(rows: 0)", StringComparison.Ordinal) ? "None." : "No pictures were asked for.";
        if (indexes.Length == 0) return Markup.Of($"<h3>{title}</h3>\n<p>{none}</p>\n");
        return Markup.Of($"""
            <h3>{title}</h3>
            <p>{subtitle}</p>
            <div class="strips">
            {indexes.Select(index => Strip(index, models))}
            </div>

            """);
    }

    private static Markup Strip(int index, IReadOnlyList<ScoredModel> models)
    {
        ScoredRow[] rows = [.. models.Select(model => model.Rows.First(row => row.Index == index))];
        SeenRow?[] seen = [.. models.Select(model => model.Seen[index])];
        Picture? picture = seen.Select(each => each?.Picture).FirstOrDefault(each => each is not null);
        IEnumerable<Markup> maps = models.Select((model, i) => Map(model, rows[i], seen[i]));
        Markup image = picture is null
            ? Markup.Empty
            : Markup.Of($"<div class=\"panel\"><img src=\"{picture.ToDataUri()}\" alt=\"Row {index}, a "
                + $"{rows[0].Label}.\"><span>image</span></div>");
        IReadOnlyList<string> texts = seen.Select(each => each?.Texts).FirstOrDefault(each => each is { Count: > 0 }) ?? [];
        return Markup.Of($"""
            <figure class="strip">{RowCard.TextOf(texts)}<div class="panels">
            {image}
            {maps}
            </div><figcaption><b>{rows[0].Group.Name}</b> <span class="row">row {index}</span></figcaption></figure>

            """);
    }

    private static Markup Map(ScoredModel model, ScoredRow row, SeenRow? seen)
    {
        Markup verdict = Markup.Of($"<b>{model.Name}</b>: {row.Predicted}<br>{(row.IsRight ? Right : Wrong)}, margin {row.Margin:F2}");
        if (seen is not { Map: { } map, Picture: { } picture }) return Markup.Of($"<div class=\"panel\"><span>{verdict}</span></div>\n");
        string alt = $"Map of {model.Name} for {row.Predicted}: {Place(map)}.";
        return Markup.Of($"<div class=\"panel\"><img src=\"{picture.ToDataUri(map)}\" alt=\"{alt}\"><span>{verdict}</span></div>\n");
    }

    /// <summary>Where a map is highest, in words.</summary>
    private static string Place(ActivationMap map)
    {
        int highest = Array.IndexOf(map.Values, map.Values.Max());
        if (map.Values[highest] <= 0) return "zero everywhere";
        string row = Third(highest / map.Width, map.Height, "top", "middle", "bottom"),
            column = Third(highest % map.Width, map.Width, "left", "centre", "right");
        return $"highest at the {row} {column}";
    }

    private static string Third(int index, int count, string low, string middle, string high) =>
        ((index + 0.5) / count) switch { < 1.0 / 3 => low, > 2.0 / 3 => high, _ => middle };
}
