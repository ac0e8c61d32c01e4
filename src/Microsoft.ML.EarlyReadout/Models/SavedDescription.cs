using System.Diagnostics;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// All that a saved model says of itself beyond what its stock transformers hold, as JSON: what makes an
/// <see cref="EarlyReadoutTransformer"/> of them again.
/// </summary>
internal sealed record SavedDescription
{
    /// <summary>The form that this library writes. It reads this one and, of later ones, none.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The form of this description.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The version of the library that saved it.</summary>
    public required string SavedBy { get; init; }

    /// <summary>The feature column.</summary>
    public required string Feature { get; init; }

    /// <summary>Its type.</summary>
    public required SavedColumnType FeatureType { get; init; }

    /// <summary>The column of second texts; <see langword="null"/> where a row has none.</summary>
    public string? SecondText { get; init; }

    /// <summary>The dimensions of one example.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The order of an image's numbers; <see langword="null"/> where examples are vectors.</summary>
    public ImageLayout? Layout { get; init; }

    /// <summary>How texts become tokens; <see langword="null"/> where examples are no texts.</summary>
    public SavedTokenizer? Tokenizer { get; init; }

    /// <summary>What the numbers mean.</summary>
    public required PixelRange Pixels { get; init; }

    /// <summary>The label column of the training rows.</summary>
    public required string Label { get; init; }

    /// <summary>The column of class probabilities.</summary>
    public required string Score { get; init; }

    /// <summary>The column of the predicted class.</summary>
    public required string PredictedLabel { get; init; }

    /// <summary>The readouts.</summary>
    public required IReadOnlyList<SavedReadout> Readouts { get; init; }

    /// <summary>The graph's input.</summary>
    public required string Input { get; init; }

    /// <summary>The graph's input of second texts; <see langword="null"/> where a row has none.</summary>
    public string? SecondInput { get; init; }

    /// <summary>The value of it with the tokens of texts; <see langword="null"/> where examples are no texts.</summary>
    public string? Tokens { get; init; }

    /// <summary>Its output of logits.</summary>
    public required string Logits { get; init; }

    /// <summary>Its outputs of the network's prediction.</summary>
    public required GraphHead Network { get; init; }

    /// <summary>Its outputs of feature maps.</summary>
    public string? FeatureMaps { get; init; }

    /// <summary>Its outputs of class activation maps.</summary>
    public string? ActivationMaps { get; init; }

    /// <summary>What the stages put out in it.</summary>
    public required IReadOnlyList<GraphStage> Stages { get; init; }

    /// <summary>The names of the classes.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>A hash of the numbers of the stock head and margin, which stand outside of the graph.</summary>
    public required string StockParts { get; init; }

    /// <summary>Where the graph stands among the stock transformers.</summary>
    public required StockPlace Place { get; init; }

    /// <summary>What the training reported.</summary>
    public required SavedHistory History { get; init; }

    /// <summary>Where the model comes from; <see langword="null"/> where no trainer made it.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>How sure the readouts were when training ended; <see langword="null"/> where an earlier version saved the model.</summary>
    public IReadOnlyList<ReadoutMargins>? Margins { get; init; }

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stockParts">A hash of the numbers of its stock head and margin.</param>
    /// <param name="place">Where its graph stands among the stock transformers.</param>
    public static SavedDescription Of(EarlyReadoutTransformer model, string stockParts, StockPlace place)
    {
        (ScoringColumns columns, ScoringGraph graph) = (model.Columns, model.Graph);
        return new SavedDescription
        {
            SavedBy = TrainingIdentity.LibraryVersion,
            Feature = columns.Feature,
            FeatureType = SavedColumnType.Of(model.FeatureColumnType),
            SecondText = columns.SecondText,
            Shape = columns.Shape.Dimensions,
            Layout = (columns.Shape as ImageShape)?.Layout,
            Tokenizer = SavedTokenizer.Of(columns.Tokenizer),
            Pixels = columns.Pixels,
            Label = columns.Label,
            Score = columns.Score,
            PredictedLabel = columns.PredictedLabel,
            Readouts = [.. columns.Readouts.Zip(graph.Readouts, (names, head) => new SavedReadout(names.Name, names.Stage, head))],
            Input = graph.Input,
            SecondInput = graph.SecondInput,
            Tokens = graph.Tokens,
            Logits = graph.Logits,
            Network = graph.Network,
            FeatureMaps = graph.FeatureMaps,
            ActivationMaps = graph.ActivationMaps,
            Stages = graph.Stages,
            ClassNames = model.ClassNames,
            StockParts = stockParts,
            Place = place,
            History = SavedHistory.Of(model.History),
            Training = model.Training,
            Margins = model.TrainingMargins,
        };
    }

    /// <summary>The columns that scoring reads and writes.</summary>
    public ScoringColumns ToColumns()
    {
        Data.DataViewType type = FeatureType.ToType();
        FeatureFormat format = FeatureFormat.Of(type) ?? throw new FormatException($"No features of type {type}.");
        return new ScoringColumns(Feature, Label, Score, PredictedLabel, ToShape())
        {
            Format = format,
            SecondText = SecondText,
            Tokenizer = Tokenizer?.ToTokenizer(),
            ResizesImages = format.IsOfAnySize(type),
            Pixels = Pixels,
            Readouts = [.. Readouts.Select(readout => new ReadoutColumns(readout.Name) { Stage = readout.Stage })],
        };
    }

    /// <summary>The graph with its names.</summary>
    /// <param name="bytes">The graph.</param>
    public ScoringGraph ToGraph(byte[] bytes) =>
        new(bytes, Input, ToShape(), Logits, Network, [.. Readouts.Select(readout => readout.Head)], ClassNames.Count)
        {
            SecondInput = SecondInput,
            Tokens = Tokens,
            FeatureMaps = FeatureMaps,
            ActivationMaps = ActivationMaps,
            Stages = Stages,
        };

    public string ToJson() => JsonSerializer.Serialize(this, OptionsJson.Form);

    /// <exception cref="InvalidDataException">It is no such description, or a later version wrote it.</exception>
    public static SavedDescription FromJson(string json)
    {
        Head head = Read<Head>(json);
        if (head.Format > CurrentFormat)
        {
            throw new InvalidDataException($"Version {head.SavedBy} of this library saved it, in a form that version "
                + $"{TrainingIdentity.LibraryVersion} does not read yet. Update this library to {head.SavedBy} or later. "
                + "mlContext.Model.Load scores it meanwhile, as it does in an application without this library.");
        }

        return Read<SavedDescription>(json);
    }

    private static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, OptionsJson.Form)!;
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"Its description cannot be read: {fault.Message}", fault);
        }
    }

    private FeatureShape ToShape()
    {
        if (Tokenizer is { } texts)
        {
            BertVocabulary vocabulary = texts.ToVocabulary();
            return FeatureShape.Tokens(texts.MaxTokens, vocabulary.Size, vocabulary.Separator);
        }

        int[] sides = [.. Shape.Select(side => checked((int)side))];
        return Layout switch
        {
            null => FeatureShape.Vector(sides.Single()),
            ImageLayout.ChannelsFirst => new ImageShape(ImageLayout.ChannelsFirst, sides[0], sides[1], sides[2]),
            ImageLayout.ChannelsLast => new ImageShape(ImageLayout.ChannelsLast, sides[2], sides[0], sides[1]),
            _ => throw new UnreachableException($"No layout {Layout}."),
        };
    }

    /// <summary>What every form has.</summary>
    private sealed record Head(int Format, string SavedBy);
}
