using Spectre.Console;

namespace Studies;

/// <summary>The command <c>check</c>: counts of a data set beside the published ones, and whether its images can be read.</summary>
internal sealed class DataSetCheck(StudyOptions options, CancellationToken cancellation)
{
    /// <summary>Reads and reports.</summary>
    /// <returns>0, or 1 where images cannot be read. Other counts than the published ones are reported, since a split may be drawn anew on
    /// purpose.</returns>
    /// <exception cref="UsageException">There is no such reader.</exception>
    public int Run()
    {
        if (!DataSets.ByName.TryGetValue(options.Study, out Func<string, DataSet>? read))
            throw new UsageException($"no data set '{options.Study}'; there are {string.Join(", ", DataSets.ByName.Keys)}.");
        DataSet set = read(options.SetFolder);
        Write(set);
        ImageCheck images = ImageCheck.Of(set.Examples, cancellation);
        if (images.Images > 0) Console.WriteLine($"{set.Name}: {images}");
        return images.Missing.Count + images.Corrupt.Count == 0 ? 0 : 1;
    }

    private static void Write(DataSet set)
    {
        Table table = new Table().Title(Markup.Escape(set.Name)).AddColumns("Split", "Group", "Rows").RoundedBorder();
        foreach (string split in Splits.All)
        {
            foreach (IGrouping<string, Example> group in set.Examples.Where(example => example.Split == split)
                .GroupBy(example => example.Group)
                .OrderBy(group => group.Key, StringComparer.Ordinal))
                table.AddRow(split, Markup.Escape(group.Key), $"{group.Count()}");
        }

        AnsiConsole.Write(table);
        if (set.Published.Count == 0) Console.WriteLine($"{set.Name}: no published counts to compare with.");
        else if (set.Differences.Count == 0) Console.WriteLine($"{set.Name}: all {set.Published.Count} published counts agree.");
        foreach (CountDifference difference in set.Differences) Console.WriteLine($"{set.Name}: {difference}");
    }
}
