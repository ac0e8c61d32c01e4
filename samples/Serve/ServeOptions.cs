namespace Serve;

/// <summary>What is configured, by command line (<c>--Model model.zip</c>), environment or <c>appsettings.json</c>.</summary>
internal sealed class ServeOptions
{
    /// <summary>The zip that <c>ml.Model.Save</c> wrote.</summary>
    public string Model { get; set; } = "";

    /// <summary>Whether heat maps are answered too. They take a second copy of the network.</summary>
    public bool HeatMaps { get; set; }

    /// <summary>The largest request body, in bytes.</summary>
    public long MaxBytes { get; set; } = 10 << 20;

    /// <summary>The most pixels of an image. A small file may hold very many: each takes four bytes of memory once it is decoded.</summary>
    public long MaxPixels { get; set; } = 25_000_000;

    /// <summary>
    /// The most characters of a text. The tokeniser in a saved model takes much memory for each, also for those that it cuts off.
    /// </summary>
    public int MaxCharacters { get; set; } = 100_000;

    /// <summary>
    /// Bytes a second that a body must come at, on average, once five seconds are over; a slower one is answered with 408. A request has
    /// its place among the <see cref="Parallel"/> ones while its body comes.
    /// </summary>
    public long MinBytesPerSecond { get; set; } = 50_000;

    /// <summary>Requests that are handled at the same time: their bodies are read and scored.</summary>
    public int Parallel { get; set; } = Environment.ProcessorCount;

    /// <summary>Requests that may wait; later ones are answered with 503.</summary>
    public int Queue { get; set; } = 64;

    /// <summary>Reads the options, and checks them all.</summary>
    /// <exception cref="InvalidOperationException">An option is missing or out of range; all are told in one message.</exception>
    public static ServeOptions Of(IConfiguration configuration)
    {
        ServeOptions options = configuration.Get<ServeOptions>() ?? new();
        List<string> faults = [];
        if (options.Model.Length == 0) faults.Add("Model is not set; name the saved model, such as --Model model.zip.");
        else if (!File.Exists(options.Model)) faults.Add($"Model is '{options.Model}'; there is no such file.");
        if (options.MaxBytes < 1) faults.Add($"MaxBytes is {options.MaxBytes}; it must be at least 1.");
        if (options.MaxPixels < 1) faults.Add($"MaxPixels is {options.MaxPixels}; it must be at least 1.");
        if (options.MaxCharacters < 1) faults.Add($"MaxCharacters is {options.MaxCharacters}; it must be at least 1.");
        if (options.MinBytesPerSecond < 1) faults.Add($"MinBytesPerSecond is {options.MinBytesPerSecond}; it must be at least 1.");
        if (options.Parallel < 1) faults.Add($"Parallel is {options.Parallel}; it must be at least 1.");
        if (options.Queue < 0) faults.Add($"Queue is {options.Queue}; it must be at least 0.");
        return faults.Count == 0 ? options : throw new InvalidOperationException(string.Join(" ", faults));
    }
}
