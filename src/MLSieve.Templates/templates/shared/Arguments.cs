using System.Globalization;

/// <summary>The settings that the command line gives, each as <c>--name value</c>.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _given = [];
    private readonly List<string> _known = [];

    public Arguments(string[] args)
    {
        for (int i = 0; i < args.Length; i += 2)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Length)
                throw new ArgumentException($"'{args[i]}' is not understood. Write settings as --name value, or 'check' alone.");
            _given[args[i][2..]] = args[i + 1];
        }
    }

    public string Text(string name, string standard)
    {
        _known.Add(name);
        return _given.GetValueOrDefault(name, standard);
    }

    public double Number(string name, double standard) => Parsed<double>(name) ?? standard;

    public int? Whole(string name, int? standard) => Parsed<int>(name) ?? standard;

    public void RefuseOthers()
    {
        string[] unknown = [.. _given.Keys.Except(_known).Select(name => $"--{name}")];
        if (unknown.Length > 0)
            throw new ArgumentException(
                $"There is no setting {string.Join(", ", unknown)}; there are {string.Join(", ", _known.Select(name => $"--{name}"))}.");
    }

    private T? Parsed<T>(string name) where T : struct, IParsable<T>
    {
        _known.Add(name);
        if (!_given.TryGetValue(name, out string? text)) return null;
        return T.TryParse(text, CultureInfo.InvariantCulture, out T value)
            ? value
            : throw new ArgumentException($"--{name} is '{text}', which is no number.");
    }
}
