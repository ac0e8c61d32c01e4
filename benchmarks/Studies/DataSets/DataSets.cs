namespace Studies;

/// <summary>
/// Reads the data sets of the papers as they are published: each call takes the folder of one and gives its rows. Files may be gzipped
/// (<c>metadata.csv.gz</c>). Only lists are read; images are opened when a view is made.
/// </summary>
internal static class DataSets
{
    /// <summary>The readers by the names that the command line has for them.</summary>
    public static readonly IReadOnlyDictionary<string, Func<string, DataSet>> ByName = new Dictionary<string, Func<string, DataSet>>
    {
        ["waterbirds"] = Waterbirds,
        ["celeba"] = CelebA,
        ["civilcomments"] = CivilComments,
        ["multinli"] = MultiNli,
        ["bar"] = Bar,
        ["nico"] = NicoAnimals,
        ["imagenet-9"] = ImageNet9,
        ["imagenet-a"] = ImageNetA,
        ["pets-on-scenes"] = PetsOnScenes,
        ["isic-traps"] = folder => IsicTraps(folder),
        ["celeba-10k"] = CelebA10k,
        ["identity-terms"] = IdentityTerms,
        ["imdb-counterfactual"] = CounterfactualImdb,
        ["csv"] = file => Csv(file),
    };

    /// <summary>Waterbirds: birds by the place behind them.</summary>
    /// <param name="folder">The folder with <c>metadata.csv</c>, or the one above.</param>
    public static DataSet Waterbirds(string folder) => WaterbirdsReader.Read(folder);

    /// <summary>CelebA: blond hair by gender.</summary>
    /// <param name="folder">The folder with <c>list_attr_celeba</c> and <c>list_eval_partition</c> (.csv or .txt) and
    /// <c>img_align_celeba/</c>.</param>
    public static DataSet CelebA(string folder) => CelebAReader.Read(folder);

    /// <summary>CivilComments: toxicity by whether an identity is mentioned.</summary>
    /// <param name="folder">The folder with <c>all_data_with_identities.csv</c>.</param>
    public static DataSet CivilComments(string folder) => CivilCommentsReader.Read(folder);

    /// <summary>MultiNLI: what a hypothesis is to its premise, by whether it holds a negation.</summary>
    /// <param name="folder">The folder with the jsonl files, and perhaps <c>metadata_random.csv</c> or <c>metadata_preset.csv</c>.</param>
    public static DataSet MultiNli(string folder) => MultiNliReader.Read(folder);

    /// <summary>Biased Action Recognition: actions; no attribute is known of an image.</summary>
    /// <param name="folder">The folder with <c>train/</c> and <c>test/</c>.</param>
    public static DataSet Bar(string folder) => BarReader.Read(folder);

    /// <summary>NICO animals: animals by context.</summary>
    /// <param name="folder">The folder with <c>images/</c> and csv files (path, class, context), each named after its split.</param>
    public static DataSet NicoAnimals(string folder) => NicoReader.Read(folder);

    /// <summary>ImageNet-9: class folders by wnid, below folders of splits or at once. The label is the wnid; no attribute.</summary>
    /// <param name="folder">The folder.</param>
    public static DataSet ImageNet9(string folder) => WordNetFolders.Read("ImageNet-9", folder, Splits.Whole);

    /// <summary>ImageNet-A: class folders by wnid, all of them for testing. The label is the wnid; no attribute.</summary>
    /// <param name="folder">The folder.</param>
    public static DataSet ImageNetA(string folder) => WordNetFolders.Read("ImageNet-A", folder, Splits.Test);

    /// <summary>Pets on scenes: cats and dogs by the place they were put in front of; in validation and test each pet in both.</summary>
    /// <param name="folder">The folder with <c>manifest.csv</c> and the images that it names.</param>
    public static DataSet PetsOnScenes(string folder) => PetsOnScenesReader.Read(folder);

    /// <summary>A trap partition of ISIC 2018's skin lesions: benign or malignant, by whether a ruler is in the image.</summary>
    /// <param name="folder">The folder with <c>trap-sets/</c> and <c>images/</c>.</param>
    /// <param name="partition">The partition, 1 to 5.</param>
    public static DataSet IsicTraps(string folder, int partition = 1) => IsicTrapsReader.Read(folder, partition);

    /// <summary>The first ten thousand images of CelebA: blond hair by gender, in a split of our own.</summary>
    /// <param name="folder">The folder with <c>manifest.csv</c> and the images that it names.</param>
    public static DataSet CelebA10k(string folder) => CelebA10kReader.Read(folder);

    /// <summary>Tweets, harmful or not, and made-up sentences that name an identity each, for the test.</summary>
    /// <param name="folder">The folder with <c>davidson/labeled_data.csv</c> and <c>identity-madlibs/bias_madlibs_77k.csv</c>.</param>
    public static DataSet IdentityTerms(string folder) => IdentityTermsReader.Read(folder);

    /// <summary>Reviews of films in pairs: one was edited from the other, by as little as turns its judgement.</summary>
    /// <param name="folder">The folder with <c>sentiment-combined-paired-train_paired.tsv</c> and those of dev and test.</param>
    public static DataSet CounterfactualImdb(string folder) => CounterfactualImdbReader.Read(folder);

    /// <summary>The form that subpopulation benchmarks share: a csv with id, filename, split, y and a.</summary>
    /// <param name="file">The csv.</param>
    /// <param name="imageFolder">The folder to which file names are relative; the csv's own where it is left out.</param>
    public static DataSet Csv(string file, string? imageFolder = null) => SubpopulationCsv.Read(file, imageFolder);
}
