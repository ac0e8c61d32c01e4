namespace Studies;

/// <summary>All studies, by the names that the command line has for them.</summary>
internal static class StudyList
{
    private static readonly double[] ColouredAgreements = [0.98];
    private static readonly double[] DominoesAgreements = [0.95, 0.99];
    private static readonly double[] ShapesAgreements = [ShapesStudy.OwnStrength];
    private static readonly IReadOnlyList<int> IsicPartitions = [1, 2, 3, 4, 5];

    // Options that some studies take; all take those that are not here, such as --seeds and --method.
    private static readonly string[] OfAnySieve =
        ["--trials", "--search-seeds", "--setting", "--rate", "--epochs", "--schedule", "--precision", "--no-search"];

    private static readonly string[] OfSieve = [.. OfAnySieve, "--select", "--rows"];
    private static readonly string[] OfStudents = ["--trials", "--search-seeds", "--rate", "--epochs", "--average", "--precision"];
    private static readonly string[] OfMethods = [.. OfStudents, "--setting"];

    /// <summary>The studies, in the order in which <c>all</c> runs them.</summary>
    public static readonly IReadOnlyList<StudyEntry> All =
    [
        new("shapes", "the Quickstart's generated images", [], [.. OfSieve, "--agreement"],
            options => Agreements(options, ShapesAgreements).Select(agreement => new ShapesStudy(options, agreement)),
            "--select groups --schedule cosine --rate 0.05 --seeds 5 --setting stage=1,depth=1,every=5,forget=0.15,readout=0.01,width=8 "
            + "--setting stage=1,depth=1,every=5,forget=0.5,readout=0.05,width=8 --setting "
            + "stage=1,depth=0,every=5,forget=0.5,readout=0.01,width=8"),
        new("coloured", "Fashion-MNIST tinted by class, 98 % in training, 50 % in the test",
            ["fashion-mnist"], [.. OfSieve, "--agreement"],
            options => Agreements(options, ColouredAgreements).Select(agreement => new ColouredStudy(options, agreement)),
            "--select groups --seeds 5 --search-seeds 2 --trials 12 --setting stage=1,depth=0,every=5,forget=0.5,readout=0.01 --setting "
                + "stage=1,depth=1,every=2,forget=0.2,readout=0.05,width=32 "
            + "--setting stage=1,depth=1,every=2,forget=0.1,readout=0.05,width=32 --setting "
            + "stage=1,depth=1,every=5,forget=0.2,readout=0.05,width=32 --setting "
            + "stage=1,depth=2,every=5,forget=0.2,readout=0.05,width=32"),
        new(
            "dominoes", "Fashion-MNIST above an MNIST digit that agrees with it, 95 % and 99 % in training, independent in the test",
            ["fashion-mnist", "mnist"], [.. OfSieve, "--agreement"],
                options => Agreements(options, DominoesAgreements).Select(agreement => new DominoesStudy(options, agreement)),
                "--agreement 0.95 --select groups --seeds 3 --rate 0.05 --trials 9",
                "--agreement 0.99 --select groups --seeds 3 --rate 0.05 --no-search --setting "
                    + "stage=1,depth=2,every=15,forget=0.03,readout=0.01,width=32"),
        new(
            "coloured-methods",
            "coloured with every method, two oracles among them, at one number of steps; half of the validation rows conflict",
            ["fashion-mnist"], [.. OfMethods, "--rows", "--agreement", "--schedule"],
                options => Agreements(options, ColouredAgreements)
                    .Select(agreement => new AgreementStudy(
                        options, "coloured", agreement, new ColouredRows(options, agreement, AgreementStudy.ValidationAgreement)))),
        new("dominoes-methods", "dominoes likewise", ["fashion-mnist", "mnist"], [.. OfMethods, "--rows", "--agreement", "--schedule"],
            options => Agreements(options, DominoesAgreements)
                .Select(agreement => new AgreementStudy(
                    options, "dominoes", agreement, new DominoesRows(options, agreement, AgreementStudy.ValidationAgreement)))),
        new(
            "two-features",
            "pullovers over 0, dresses over 1: two features of which either tells the class in training; validation rows on which one "
                + "does choose it",
                ["fashion-mnist", "mnist"], [.. OfMethods, "--rows", "--schedule"],
                options => Enum.GetValues<Feature>().Select(kept => new TwoFeaturesStudy(options, kept))),
        new("bar", "Biased Action Recognition, SqueezeNet 1.1 from ImageNet weights",
            ["bar", ImageNetWeights.SqueezeNetFolder], [.. OfAnySieve, "--size"],
            options => [new BarStudy(options)],
            "--seeds 5 --rate 0.0005 --rate 0.001 --trials 8 --setting stage=1,depth=1,every=5,forget=0.01,readout=0.01,width=64 "
                + "--setting stage=2,depth=1,every=5,forget=0.01,readout=0.01,width=64 "
            + "--setting stage=3,depth=1,every=5,forget=0.01,readout=0.01,width=64 --setting "
            + "stage=3,depth=1,every=5,forget=0.003,readout=0.01,width=64 "
            + "--setting stage=2,depth=2,every=5,forget=0.01,readout=0.01,width=64 --setting "
            + "stage=3,depth=1,every=5,forget=0.03,readout=0.01,width=64"),
        new(
            "pets", "pets in front of land or sea, a residual network from ImageNet weights, every method, two oracles among them",
            [PetsStudy.Folder], [.. OfMethods, "--size"],
                options => [new PetsStudy(options)]),
        new(
            "isic", "skin lesions whose artefacts tell the label in training and mislead in the test, five partitions, likewise",
            [IsicStudy.Folder], [.. OfMethods, "--size", "--partition"],
                options => (options.Partitions is { Count: > 0 } asked ? asked : IsicPartitions).Select(
                    partition => new IsicStudy(options, partition))),
        new("celeba", "blond hair, which goes with women, in 10,000 faces, likewise", [CelebAStudy.Folder], [.. OfMethods, "--size"],
            options => [new CelebAStudy(options)]),
        new("bar-test-validation", "Biased Action Recognition likewise, a fifth of the test images validate",
            [BarMethodsStudy.Folder], [.. OfMethods, "--size"],
            options => [new BarMethodsStudy(options, Splits.Test)]),
        new(
            "bar-train-validation",
            "the same, a fifth of the training images validate: they choose nothing, each setting of a short list is reported",
            [BarMethodsStudy.Folder], ["--setting", "--rate", "--epochs", "--average", "--precision", "--size"],
                options => [new BarMethodsStudy(options, Splits.Train)]),
        new(
            "distillation", "dominoes (95 %): a small student, on its own and taught by a ResNet-18, with every baseline",
            ["fashion-mnist", "mnist"], ["--search-seeds", "--epochs", "--rows", "--agreement"],
                options => Agreements(options, DominoesAgreements[..1])
                    .Select(agreement => new DominoesDistillationStudy(options, agreement)),
                "--seeds 5"),
        new(
            "coloured-distillation",
            "coloured: a ResNet-18 teaches a small ConvNet by every method, at one number of steps; half of the validation rows conflict",
            ["fashion-mnist"], [.. OfStudents, "--rows", "--agreement", "--schedule"],
                options => Agreements(options, ColouredAgreements)
                    .Select(agreement => new AgreementDistillationStudy(
                        options, "coloured", agreement, new ColouredRows(options, agreement, AgreementStudy.ValidationAgreement)))),
        new(
            "pets-distillation", "pets: a residual network teaches SqueezeNet, both from ImageNet weights, by every method",
            [PetsStudy.Folder, ImageNetWeights.SqueezeNetFolder], [.. OfStudents, "--size"],
                options => [new PhotographDistillationStudy(options, "pets", epochs: 20, PetsStudy.Rows(options))]),
        new("celeba-distillation", "blond hair in faces: likewise",
            [CelebAStudy.Folder, ImageNetWeights.SqueezeNetFolder], [.. OfStudents, "--size"],
            options => [new PhotographDistillationStudy(options, "celeba", epochs: 23, CelebAStudy.Rows(options))]),
        new(
            "multinli",
            "MultiNLI's matched development set: contradiction goes with negation words; MiniLM from its weights, every method but the "
                + "joint sieve",
            [MultiNliStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
                options => [MultiNliStudy.OfDevelopmentSet(options)]),
        new("multinli-published", "the same with the published files in their own splits",
            [MultiNliStudy.PublishedFolder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
                options => [MultiNliStudy.OfPublished(options)]),
        new("civilcomments", "whether a comment is toxic, which goes with naming an identity, as published; likewise",
            [CivilCommentsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
                options => [new CivilCommentsStudy(options)]),
        new("identity-terms", "harmful tweets: does an identity word alone make a sentence harmful?; likewise",
            [IdentityTermsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
                options => [new IdentityTermsStudy(options)]),
        new("imdb-counterfactual", "reviews of films: does the answer follow an edit that turns the judgement?; likewise",
            [CounterfactualStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfMethods, "--rows"],
                options => [new CounterfactualStudy(options)]),
        new("multinli-distillation", "multinli: MiniLM's six layers teach three of them, by every method but two that match feature maps",
            [MultiNliStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder], [.. OfStudents, "--rows"],
                options => [new TextDistillationStudy(options)]),
        new("adult", "UCI Adult, income by sex: readout weights for LightGBM, and LightGBM as the teacher of an Mlp",
            ["adult"], ["--search-seeds", "--epochs", "--rows"],
            options => [new AdultStudy(options)],
            ""),
        new(
            "adult-methods", "adult with every method of a shortcut, two oracles among them, at one number of steps of a small network",
            [AdultRows.Folder], [.. OfMethods, "--rows", "--schedule"],
                options => [new AdultMethodsStudy(options)]),
        new(
            "tables", "whether the defaults train: tables of your own, every method with nothing set, beside logistic regression",
            [TableStudy.Folder], ["--search-seeds", "--rows"],
                TableStudy.Of,
                "--seeds 3"),
    ];

    /// <summary>The letters of the longest name: where names stand under each other, what follows begins behind it.</summary>
    public static readonly int LongestName = All.Max(entry => entry.Name.Length);

    /// <summary>The studies of a name.</summary>
    /// <exception cref="UsageException">There is no such study, or it does not take an option that was given.</exception>
    public static IReadOnlyList<Study> Create(StudyOptions options)
    {
        StudyEntry entry = All.FirstOrDefault(each => each.Name == options.Study)
            ?? throw new UsageException($"no study '{options.Study}'; there are {string.Join(", ", All.Select(each => each.Name))}.");
        Study[] studies = [.. entry.Create(options)]; // of some options it says why they mean nothing to it
        string? foreign = All.SelectMany(each => each.Options).Except(entry.Options).FirstOrDefault(options.Names.Contains);
        return foreign is null
            ? studies
            : throw new UsageException($"{foreign}: {entry.Name} does not take it; it takes {string.Join(", ", entry.Options)}.");
    }

    private static IEnumerable<double> Agreements(StudyOptions options, double[] own) =>
        options.Agreements.Count > 0 ? options.Agreements : own;
}
