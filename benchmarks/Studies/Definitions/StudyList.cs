namespace Studies;

/// <summary>All studies, by the names that the command line has for them.</summary>
internal static class StudyList
{
    private static readonly double[] ColouredAgreements = [0.98];
    private static readonly double[] DominoesAgreements = [0.95, 0.99];
    private static readonly IReadOnlyList<int> IsicPartitions = [1, 2, 3, 4, 5];

    // Options that some studies take; all take those that are not here, such as --seeds and --method.
    private static readonly string[] OfStudents = ["--trials", "--search-seeds", "--rate", "--epochs", "--average", "--precision"];
    private static readonly string[] OfMethods = [.. OfStudents, "--setting"];

    private static readonly Refusal[] NotOfPhotographs =
    [
        new("--rows", "photographs have splits of their own"), new("--agreement", "photographs show what they show"),
    ];

    private static readonly Refusal[] NotOfTexts =
        [new("--agreement", "texts say what they say"), new("--size", "texts have no side")];

    private static readonly Refusal NotOfStudents = new("--setting", "students have no setting of a sieve");

    /// <summary>The studies, in the order in which they are listed.</summary>
    public static readonly IReadOnlyList<StudyEntry> All =
    [
        new(
            "shapes", "the Quickstart's generated images, every method, two oracles among them, at one number of steps", [],
            [.. OfMethods, "--rows", "--schedule"],
            options => [new ShapesStudy(options)]),
        new(
            "coloured-methods",
            "Fashion-MNIST tinted by class, 98 % in training, 50 % in validation and test, likewise",
            ["fashion-mnist"], [.. OfMethods, "--rows", "--agreement", "--schedule"],
            options => Agreements(options, ColouredAgreements)
                .Select(agreement => new AgreementStudy(options, "coloured", agreement, new ColouredRows(options, agreement)))),
        new(
            "dominoes-methods",
            "Fashion-MNIST above an MNIST digit that agrees with it, 95 % and 99 % in training, 50 % in validation, independent in the "
                + "test, likewise",
            ["fashion-mnist", "mnist"], [.. OfMethods, "--rows", "--agreement", "--schedule"],
            options => Agreements(options, DominoesAgreements)
                .Select(agreement => new AgreementStudy(options, "dominoes", agreement, new DominoesRows(options, agreement)))),
        new(
            "two-features",
            "pullovers over 0, dresses over 1: two features of which either tells the class in training; validation rows on which one "
                + "does choose it",
            ["fashion-mnist", "mnist"], [.. OfMethods, "--rows", "--schedule"],
            options => Enum.GetValues<Feature>().Select(kept => new TwoFeaturesStudy(options, kept)),
            new Refusal("--agreement", "the halves always agree in training")),
        new(
            "pets", "pets in front of land or sea, a residual network from ImageNet weights, every method, two oracles among them",
            [PetsStudy.Folder], [.. OfMethods, "--size"],
            options => [new PetsStudy(options)],
            NotOfPhotographs),
        new(
            "isic", "skin lesions whose artefacts tell the label in training and mislead in the test, five partitions, likewise",
            [IsicStudy.Folder], [.. OfMethods, "--size", "--partition"],
            options => (options.Partitions is { Count: > 0 } asked ? asked : IsicPartitions).Select(
                partition => new IsicStudy(options, partition)),
            NotOfPhotographs),
        new(
            "celeba", "blond hair, which goes with women, in 10,000 faces, likewise", [CelebAStudy.Folder], [.. OfMethods, "--size"],
            options => [new CelebAStudy(options)],
            NotOfPhotographs),
        new(
            "bar-test-validation", "Biased Action Recognition likewise, a fifth of the test images validate",
            [BarMethodsStudy.Folder], [.. OfMethods, "--size"],
            options => [new BarMethodsStudy(options, Splits.Test)],
            NotOfPhotographs),
        new(
            "bar-train-validation",
            "the same, a fifth of the training images validate: they choose nothing, each setting of a short list is reported",
            [BarMethodsStudy.Folder], ["--setting", "--rate", "--epochs", "--average", "--precision", "--size"],
            options => [new BarMethodsStudy(options, Splits.Train)],
            [.. NotOfPhotographs, new("--trials", "its validation images can choose no setting")]),
        new(
            "coloured-distillation",
            "coloured Fashion-MNIST: a ResNet-18 teaches a small ConvNet by every method, at one number of steps; half of the validation "
                + "rows conflict",
            ["fashion-mnist"], [.. OfStudents, "--rows", "--agreement", "--schedule"],
            options => Agreements(options, ColouredAgreements).Select(agreement => new ColouredDistillationStudy(options, agreement)),
            NotOfStudents),
        new(
            "pets-distillation", "pets: a residual network teaches SqueezeNet, both from ImageNet weights, by every method",
            [PetsStudy.Folder, ImageNetWeights.SqueezeNetFolder], [.. OfStudents, "--size"],
            options => [new PhotographDistillationStudy(options, "pets", epochs: 20, PetsStudy.Rows(options))],
            [.. NotOfPhotographs, NotOfStudents]),
        new(
            "celeba-distillation", "blond hair in faces: likewise",
            [CelebAStudy.Folder, ImageNetWeights.SqueezeNetFolder], [.. OfStudents, "--size"],
            options => [new PhotographDistillationStudy(options, "celeba", epochs: 23, CelebAStudy.Rows(options))],
            [.. NotOfPhotographs, NotOfStudents]),
        new(
            "multinli",
            "MultiNLI's matched development set: contradiction goes with negation words; MiniLM from its weights, every method but the "
                + "joint sieve",
            [MultiNliStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
            options => [MultiNliStudy.OfDevelopmentSet(options)],
            NotOfTexts),
        new(
            "multinli-published", "the same with the published files in their own splits",
            [MultiNliStudy.PublishedFolder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
            options => [MultiNliStudy.OfPublished(options)],
            NotOfTexts),
        new(
            "civilcomments", "whether a comment is toxic, which goes with naming an identity, as published; likewise",
            [CivilCommentsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
            options => [new CivilCommentsStudy(options)],
            NotOfTexts),
        new(
            "identity-terms", "harmful tweets: does an identity word alone make a sentence harmful?; likewise",
            [IdentityTermsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
            options => [new IdentityTermsStudy(options)],
            NotOfTexts),
        new(
            "imdb-counterfactual", "reviews of films: does the answer follow an edit that turns the judgement?; likewise",
            [CounterfactualStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
            options => [new CounterfactualStudy(options)],
            NotOfTexts),
        new(
            "multinli-distillation", "multinli: MiniLM's six layers teach three of them, by every method but two that match feature maps",
            [MultiNliStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfStudents, "--rows"],
            options => [new TextDistillationStudy(options)],
            [.. NotOfTexts, NotOfStudents]),
        new(
            "adult", "UCI Adult, income by sex: readout weights for LightGBM, and LightGBM as the teacher of an Mlp",
            [AdultRows.Folder], ["--search-seeds", "--rate", "--epochs", "--average", "--precision", "--rows", "--schedule"],
            options => [new AdultLightGbmStudy(options)]),
        new(
            "adult-methods", "adult with every method of a shortcut, two oracles among them, at one number of steps of a small network",
            [AdultRows.Folder], [.. OfMethods, "--rows", "--schedule"],
            options => [new AdultMethodsStudy(options)],
            new Refusal("--agreement", "incomes are what they are")),
        new(
            "tables", "whether the defaults train: tables of your own, every method with nothing set, beside logistic regression",
            [TableStudy.Folder], ["--search-seeds", "--rows"],
            TableStudy.Of),
    ];

    /// <summary>The letters of the longest name: where names stand under each other, what follows begins behind it.</summary>
    public static readonly int LongestName = All.Max(entry => entry.Name.Length);

    /// <summary>What the name of a command line stands for.</summary>
    /// <exception cref="UsageException">There is no such study, or it does not take an option that was given.</exception>
    public static StudyEntry Find(StudyOptions options)
    {
        StudyEntry entry = All.FirstOrDefault(each => each.Name == options.Study)
            ?? throw new UsageException($"no study '{options.Study}'; there are {string.Join(", ", All.Select(each => each.Name))}.");
        string? foreign = All.SelectMany(each => each.Options).Except(entry.Options).FirstOrDefault(options.Names.Contains);
        return foreign is null ? entry : throw new UsageException(entry.Refuse(foreign));
    }

    /// <summary>The studies of a name.</summary>
    /// <exception cref="UsageException">There is no such study, or it does not take an option that was given.</exception>
    public static IReadOnlyList<MethodStudy> Create(StudyOptions options) => [.. Find(options).Create(options)];

    private static IEnumerable<double> Agreements(StudyOptions options, double[] own) =>
        options.Agreements.Count > 0 ? options.Agreements : own;
}
