namespace Studies;

/// <summary>
/// Reads a trap partition of ISIC 2018's skin lesions: <c>trap-sets/isic_annotated_{train,val,test}K.csv</c> (image, ruler, label and other
/// artefacts) and <c>images/</c>. The lists of training rows hold the validation rows too; here a row is in one split.
/// </summary>
internal static class IsicTrapsReader
{
    private static readonly string[] _labels = ["benign", "malignant"];
    private static readonly string[] _artefacts = ["no ruler", "ruler"];

    public static DataSet Read(string folder, int partition)
    {
        Example[] validation = [.. Of(Splits.Validation, "val")];
        var held = validation.Select(example => example.Path).ToHashSet();
        return new DataSet(
            FormattableString.Invariant($"ISIC trap partition {partition}"),
            folder,
            [.. Of(Splits.Train, "train").Where(example => !held.Contains(example.Path)), .. validation, .. Of(Splits.Test, "test")],
            new PublishedCount(Splits.Train, null, 1563),
            new PublishedCount(Splits.Validation, null, 259),
            new PublishedCount(Splits.Test, null, 772));

        IEnumerable<Example> Of(string split, string name)
        {
            string list = DataFile.Find(
                Path.Combine(folder, "trap-sets"), FormattableString.Invariant($"isic_annotated_{name}{partition}.csv"));
            return CsvFile.Read(list, "image", "ruler", "label")
                .Select(row => new Example(row.Name("label", _labels), row.Name("ruler", _artefacts), split)
            {
                Path = Path.Combine(folder, "images", Path.ChangeExtension(row["image"], ".jpg")), // the lists name png files
            });
        }
    }
}
