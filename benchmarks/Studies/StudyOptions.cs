using System.Globalization;

namespace Studies;

/// <summary>What the command line asks for.</summary>
internal sealed class StudyOptions
{
    /// <summary>Printed for <c>--help</c> and after a fault in the arguments.</summary>
    public const string Usage = """
        Trains with and without the methods of this library on real data and reports, over seeds, how they do where the spurious feature misleads.

        dotnet run -c Release --project benchmarks/Studies -- STUDY [options]

        STUDY              coloured   Fashion-MNIST tinted by class, 98 % in training, 50 % in the test
                           dominoes   Fashion-MNIST above an MNIST digit that agrees with it, 95 % and 99 % in training, independent in the test
                           bar        Biased Action Recognition, SqueezeNet 1.1 from ImageNet weights
                           shapes     the Quickstart's generated images
                           distillation  dominoes (95 %): a small student, on its own and taught by a ResNet-18, with every baseline
                           adult      UCI Adult, income by sex: readout weights for LightGBM, and LightGBM as the teacher of an Mlp

        --data DIR         folder with fashion-mnist, mnist, bar, squeezenet1_1-imagenet, adult (default: environment variable MLSIEVE_DATA)
        --seeds N          final runs of each method (default 3)
        --method M         plain, sieve or both; for distillation and adult one of their methods (default: all)
        --select S         what chooses epochs and settings on the validation rows: accuracy, groups (mean of the groups' accuracies) or both (default both)
        --trials N         random sieve settings tried by the search, besides no forgetting (default: the study's own; none where --setting is given)
        --search-seeds N   seeds over which each tried setting is averaged (default 1); never the seeds of the final runs
        --setting S        a sieve setting to try, such as stage=1,depth=0,every=5,forget=0.5,readout=0.01; may be repeated
        --rate X           learning rate, instead of a search over the study's rates; may be repeated
        --agreement X      how often the cue agrees in training, instead of the study's own; may be repeated (coloured, dominoes, shapes)
        --rows N           training rows (default: the study's own)
        --epochs N         epochs (default: the study's own)
        --size N           side of BAR's images in pixels (default 128)
        --no-search        takes the one --rate and the one --setting as they are
        --schedule S       constant or cosine learning rates (default constant)
        --precision P      float32 or bfloat16 (default float32)
        --json FILE        writes the records of the final runs as a JSON list
        --out DIR          keeps every run there and reads back those it finds, so that a stopped study goes on where it was
        --quick            a smoke run: few rows, one epoch, one trial, one seed
        --help             this text
        """;

    public string Study { get; private set; } = "";

    public string? Data { get; private set; } = Environment.GetEnvironmentVariable("MLSIEVE_DATA");

    public int Seeds { get; private set; } = 3;

    public string Method { get; private set; } = "both";

    public string Select { get; private set; } = "both";

    public int? Trials { get; private set; }

    public int SearchSeeds { get; private set; } = 1;

    public List<string> Settings { get; } = [];

    public List<double> Rates { get; } = [];

    public List<double> Agreements { get; } = [];

    public int? Rows { get; private set; }

    public int? Epochs { get; private set; }

    public int Size { get; private set; } = 128;

    public string Precision { get; private set; } = "float32";

    public bool NoSearch { get; private set; }

    public string Schedule { get; private set; } = "constant";

    public string? Json { get; private set; }

    public string? Out { get; private set; }

    public bool Quick { get; private set; }

    public bool Help { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">An argument is unknown, lacks its value, or is out of range.</exception>
    public static StudyOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new StudyOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new UsageException($"{name} needs a value.");
            switch (name)
            {
                case "--data": options.Data = Value(); break;
                case "--seeds": options.Seeds = Whole(name, Value()); break;
                case "--method": options.Method = Value(); break;
                case "--select": options.Select = OneOf(name, Value(), "accuracy", "groups", "both"); break;
                case "--trials": options.Trials = Whole(name, Value()); break;
                case "--search-seeds": options.SearchSeeds = Whole(name, Value()); break;
                case "--setting": options.Settings.Add(Value()); break;
                case "--rate": options.Rates.Add(Number(name, Value(), 0, 10)); break;
                case "--agreement": options.Agreements.Add(Number(name, Value(), 0, 1)); break;
                case "--rows": options.Rows = Whole(name, Value()); break;
                case "--epochs": options.Epochs = Whole(name, Value()); break;
                case "--size": options.Size = Whole(name, Value()); break;
                case "--precision": options.Precision = OneOf(name, Value(), "float32", "bfloat16"); break;
                case "--no-search": options.NoSearch = true; break;
                case "--schedule": options.Schedule = OneOf(name, Value(), "constant", "cosine"); break;
                case "--json": options.Json = Value(); break;
                case "--out": options.Out = Value(); break;
                case "--quick": options.Quick = true; break;
                case "--help" or "-h": options.Help = true; break;
                default:
                    if (name.StartsWith('-')) throw new UsageException($"unknown option {name}.");
                    if (options.Study.Length > 0) throw new UsageException($"one study at a time: '{options.Study}' and '{name}'.");
                    options.Study = name;
                    break;
            }
        }

        if (!options.Help && options.Study.Length == 0) throw new UsageException("no study named.");
        if (options.Quick) options.Seeds = 1;
        return options;
    }

    /// <summary>A folder of the data, checked to be there.</summary>
    /// <exception cref="UsageException">No data folder was given, or it lacks this one.</exception>
    public string Folder(string name)
    {
        if (string.IsNullOrEmpty(Data)) throw new UsageException("this study needs real data: give --data DIR or set MLSIEVE_DATA.");
        string folder = Path.Combine(Data, name);
        return Directory.Exists(folder) ? folder : throw new UsageException($"no folder '{name}' in the data folder {Data}.");
    }

    private static int Whole(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
            ? value
            : throw new UsageException($"{name} takes a whole number of at least 1, not '{text}'.");

    private static double Number(string name, string text, double above, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > above && value <= most
            ? value
            : throw new UsageException(FormattableString.Invariant($"{name} takes a number above {above} and at most {most}, not '{text}'."));

    private static string OneOf(string name, string text, params string[] allowed) =>
        allowed.Contains(text) ? text : throw new UsageException($"{name} is one of {string.Join(", ", allowed)}, not '{text}'.");
}
