using System.Globalization;

namespace Studies;

/// <summary>What the command line asks for.</summary>
internal sealed class StudyOptions
{
    /// <summary>The value of <c>--out</c> where it is left out.</summary>
    public const string DefaultOut = "artifacts/studies";

    private const string Commands = "list, run, queue, table, page, maps, find and check";

    private const double MostMinutes = 71_000; // 49 days, the most that a timer takes
    private int? _seeds;
    private string? _teachers;

    /// <summary>The command line as it was given.</summary>
    public string Text { get; private set; } = "";

    /// <summary>list, run, queue, work, table, page, maps, find or check.</summary>
    public string Command { get; private set; } = "";

    /// <summary>The study of <c>run</c>, <c>maps</c> and <c>find</c>, or the data set of <c>check</c>.</summary>
    public string Study { get; private set; } = "";

    /// <summary>Where the data set of <c>check</c> lies.</summary>
    public string SetFolder { get; private set; } = "";

    /// <summary>The file of <c>queue</c>.</summary>
    public string QueueFile { get; private set; } = "";

    /// <summary>The page of <c>page</c>.</summary>
    public string Page { get; private set; } = "";

    /// <summary>The options as they were given, without command and names: what <c>queue</c> gives to every study.</summary>
    public List<string> Given { get; } = [];

    /// <summary>The names of the options that were given.</summary>
    public HashSet<string> Names { get; } = [];

    public string? Data { get; private set; } = Environment.GetEnvironmentVariable("MLSIEVE_DATA");

    public int Seeds => _seeds ?? (Quick ? 1 : 3);

    /// <summary>The one method that is asked for; <see langword="null"/>: all.</summary>
    public string? Method { get; private set; }

    public int? Trials { get; private set; }

    public int SearchSeeds { get; private set; } = 1;

    public List<string> Settings { get; } = [];

    public double? Rate { get; private set; }

    public List<double> Agreements { get; } = [];

    public List<int> Partitions { get; } = [];

    public int? Rows { get; private set; }

    public int? Epochs { get; private set; }

    public int? Size { get; private set; }

    public string Precision { get; private set; } = "float32";

    public string Schedule { get; private set; } = "constant";

    public double Average { get; private set; }

    public string? Report { get; private set; }

    public string Out { get; private set; } = DefaultOut;

    /// <summary>Where what teachers say is kept.</summary>
    public string Teachers => _teachers ?? Path.Combine(Out, "teachers");

    public int Workers { get; private set; } = Environment.ProcessorCount;

    public double? Minutes { get; private set; }

    public bool Quick { get; private set; }

    public bool Help { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">An argument is unknown, lacks its value, or is out of range.</exception>
    public static StudyOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new StudyOptions { Text = string.Join(' ', arguments) };
        List<string> words = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            int first = i;
            string Value() => ++i < arguments.Count ? arguments[i] : throw new UsageException($"{name} needs a value.");
            switch (name)
            {
                case "--data": options.Data = Value(); break;
                case "--seeds": options._seeds = Whole(name, Value()); break;
                case "--method": options.Method = Value(); break;
                case "--trials": options.Trials = Whole(name, Value()); break;
                case "--search-seeds": options.SearchSeeds = Whole(name, Value()); break;
                case "--setting": options.Settings.Add(Value()); break;
                case "--rate":
                    if (options.Rate is not null) throw new UsageException("--rate: all methods of a study have one; give it once.");
                    options.Rate = Number(name, Value(), 0, 10);
                    break;
                case "--agreement": options.Agreements.Add(Number(name, Value(), 0, 1)); break;
                case "--partition": options.Partitions.Add(Whole(name, Value(), most: 5)); break;
                case "--rows": options.Rows = Whole(name, Value()); break;
                case "--epochs": options.Epochs = Whole(name, Value()); break;
                case "--size": options.Size = Whole(name, Value()); break;
                case "--precision": options.Precision = OneOf(name, Value(), "float32", "bfloat16"); break;
                case "--schedule": options.Schedule = OneOf(name, Value(), "constant", "cosine"); break;
                case "--average": options.Average = Number(name, Value(), 0, 0.999999); break;
                case "--report": options.Report = Value(); break;
                case "--out": options.Out = Value(); break;
                case "--teachers": options._teachers = Value(); break;
                case "--workers": options.Workers = Whole(name, Value()); break;
                case "--minutes": options.Minutes = Number(name, Value(), 0, MostMinutes); break;
                case "--quick": options.Quick = true; break;
                case "--help" or "-h": options.Help = true; break;
                default:
                    if (name.StartsWith('-')) throw new UsageException($"unknown option {name}.");
                    words.Add(name);
                    continue;
            }

            options.Given.AddRange(arguments.Skip(first).Take(i + 1 - first));
            options.Names.Add(name);
        }

        if (!options.Help) options.Take(words);
        return options;
    }

    /// <summary>Whether the data folder has a folder.</summary>
    public bool HasFolder(string name) => !string.IsNullOrEmpty(Data) && Directory.Exists(Path.Combine(Data, name));

    /// <summary>A folder of the data, checked to be there.</summary>
    /// <exception cref="UsageException">No data folder was given, or it lacks this one.</exception>
    public string Folder(string name)
    {
        if (string.IsNullOrEmpty(Data)) throw new UsageException("this study needs real data: give --data DIR or set MLSIEVE_DATA.");
        return HasFolder(name) ? Path.Combine(Data, name) : throw new UsageException($"no folder '{name}' in the data folder {Data}.");
    }

    private void Take(List<string> words)
    {
        Command = words.Count > 0
            ? words[0]
            : throw new UsageException($"no command; there are {Commands}.");
        string[] expected = Command switch
        {
            "list" or "table" or "work" => [],
            "run" or "maps" or "find" => ["the name of a study"],
            "queue" => ["a file with a study a line"],
            "page" => ["a page"],
            "check" => ["the name of a data set", "its folder"],
            _ => throw new UsageException($"no command '{Command}'; there are {Commands}."),
        };
        if (words.Count - 1 < expected.Length) throw new UsageException($"{Command} needs {string.Join(" and ", expected)}.");
        if (words.Count - 1 > expected.Length) throw new UsageException($"{Command}: '{words[expected.Length + 1]}' is one word too many.");
        if (Command == "queue") QueueFile = words[1];
        else if (Command == "page") Page = words[1];
        else if (expected.Length > 0) Study = words[1];
        if (expected.Length > 1) SetFolder = words[2];
    }

    private static int Whole(string name, string text, int most = int.MaxValue) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1 && value <= most
            ? value
            : throw new UsageException(
                $"{name} takes a whole number {(most < int.MaxValue ? $"from 1 to {most}" : "of at least 1")}, not '{text}'.");

    private static double Number(string name, string text, double above, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > above && value <= most
            ? value
            : throw new UsageException(
                FormattableString.Invariant($"{name} takes a number above {above} and at most {most}, not '{text}'."));

    private static string OneOf(string name, string text, params string[] allowed) =>
        allowed.Contains(text) ? text : throw new UsageException($"{name} is one of {string.Join(", ", allowed)}, not '{text}'.");
}
