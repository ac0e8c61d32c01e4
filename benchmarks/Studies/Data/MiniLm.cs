using Microsoft.ML.EarlyReadout;
using TorchSharp;

namespace Studies;

/// <summary>MiniLM-L6, the text encoder of the studies, and how it is fine-tuned, alone and as teacher and student.</summary>
internal static class MiniLm
{
    /// <summary>The folder of its weights in the data folder.</summary>
    public const string Folder = "minilm";

    /// <summary>The file in it.</summary>
    public const string File = "minilm-l6-f16.safetensors";

    /// <summary>The folder of its vocabulary.</summary>
    public const string VocabularyFolder = "bert-vocab";

    private const string Layers = "encoder.layer.";

    /// <summary>All six layers.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="tokens">The most tokens of a row.</param>
    public static NetworkOptions Encoder(StudyOptions options, int tokens) => new()
    {
        Kind = NetworkKind.Bert,
        WeightsPath = Path.Combine(options.Folder(Folder), File),
        VocabularyPath = Path.Combine(options.Folder(VocabularyFolder), "bert-base-uncased-vocab.txt"),
        MaxTokens = tokens,
    };

    /// <summary>
    /// Every other layer, the first among them, as DistilBERT begins with BERT's (Sanh et al. 2019). Its weights are written beside what
    /// teachers say.
    /// </summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="tokens">The most tokens of a row.</param>
    public static NetworkOptions Half(StudyOptions options, int tokens)
    {
        NetworkOptions network = Encoder(options, tokens);
        string half = Path.Combine(Directory.CreateDirectory(options.Teachers).FullName, "minilm-every-other-layer.safetensors");
        if (!System.IO.File.Exists(half)) WriteHalf(network.WeightsPath!, half);
        network.WeightsPath = half;
        return network;
    }

    /// <summary>The learning rate of AdamW.</summary>
    public static double Rate => AutomaticValues.FineTuningTexts.AdamWRate;

    /// <summary>The most settings of a method that are tried, but for the drawn ones: a training takes minutes.</summary>
    public static int MostSettings => 3;

    /// <summary>How many settings are drawn.</summary>
    public static int Trials => 6;

    /// <summary>Sets what is BERT's own in fine-tuning and not already the library's on texts.</summary>
    /// <param name="trainer">Where.</param>
    /// <param name="secondText">The column of second texts; <see langword="null"/> where texts stand alone.</param>
    public static void FineTune(TrainerOptions trainer, string? secondText)
    {
        trainer.SecondTextColumnName = secondText;
        trainer.Optimizer.WeightDecay = 0.01;
    }

    private static void WriteHalf(string weights, string half)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(weights);
        SafetensorsFile.Write(
            half,
            from name in file.Names
            let kept = NameInHalf(name)
            where kept is not null
            select KeyValuePair.Create(kept, file.Read(name)));
    }

    private static string? NameInHalf(string name)
    {
        if (!name.StartsWith(Layers, StringComparison.Ordinal)) return name;
        string[] parts = name[Layers.Length..].Split('.', 2);
        int layer = int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture);
        return layer % 2 == 0 ? FormattableString.Invariant($"{Layers}{layer / 2}.{parts[1]}") : null;
    }
}
