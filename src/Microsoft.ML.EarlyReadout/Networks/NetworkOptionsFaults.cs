namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds what is wrong with network options before anything is built from them.</summary>
internal static class NetworkOptionsFaults
{
    private const int MostStages = 15;
    private const int FewestTokens = 8; // [CLS], two texts of some tokens, and a [SEP] after each

    /// <summary>
    /// All faults, each a sentence that names the option, the value given and what is allowed; empty where there are none.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="isWarm">Whether the network will be given the weights of an earlier model.</param>
    public static IEnumerable<string> Faults(this NetworkOptions options, bool isWarm = false)
    {
        if (!Enum.IsDefined(options.Kind))
            yield return $"Network.Kind is {(int)options.Kind}; it must be one of {string.Join(", ", Enum.GetNames<NetworkKind>())}.";
        if (!Enum.IsDefined(options.Stem))
            yield return $"Network.Stem is {(int)options.Stem}; it must be one of {string.Join(", ", Enum.GetNames<ResNetStem>())}.";
        foreach (string fault in WidthFaults("HiddenUnits", options.HiddenUnits, int.MaxValue)) yield return fault;
        foreach (string fault in WidthFaults("Channels", options.Channels, MostStages)) yield return fault;
        if (options.WeightsPath is { } path)
        {
            if (string.IsNullOrWhiteSpace(path))
                yield return "Network.WeightsPath is empty; it must name a safetensors or ONNX file, or be null.";
            else if (Directory.Exists(path))
                yield return $"Network.WeightsPath is '{path}', which is a folder; it must name a safetensors or ONNX file.";
            else if (!File.Exists(path)) yield return $"Network.WeightsPath is '{path}'; there is no such file.";
        }
        if (options.VocabularyPath is { } vocabulary && !File.Exists(vocabulary))
            yield return $"Network.VocabularyPath is '{vocabulary}'; there is no such file.";
        if (options.MaxTokens < FewestTokens)
            yield return $"Network.MaxTokens is {options.MaxTokens}; it must be at least {FewestTokens}.";
        if (options.Encoder is null) yield return "Network.Encoder is null; leave it at its default.";
        foreach (string fault in options.Encoder?.Faults(hasOwnSizes: options.WeightsPath is null && !isWarm) ?? []) yield return fault;
        if (options.Input is null)
        {
            yield return "Network.Input is null; leave it at its default where the column tells all.";
            yield break;
        }
        foreach (string fault in InputFaults(options.Input)) yield return fault;
    }

    private static IEnumerable<string> WidthFaults(string name, int[]? widths, int most)
    {
        if (widths is null || widths.Length == 0) yield return $"Network.{name} is empty; it must have at least one value.";
        else if (widths.Length > most) yield return $"Network.{name} has {widths.Length} values; it must have at most {most}.";
        foreach (int width in widths ?? [])
            if (width < 1) yield return $"Network.{name} holds {width}; each value must be at least 1.";
    }

    private static IEnumerable<string> InputFaults(InputOptions input)
    {
        if (input.Height < 0) yield return $"Network.Input.Height is {input.Height}; it must be at least 0 (0: taken from the column).";
        if (input.Width < 0) yield return $"Network.Input.Width is {input.Width}; it must be at least 0 (0: taken from the column).";
        if (input.Channels is not (0 or 1 or 3))
            yield return $"Network.Input.Channels is {input.Channels}; it must be 1 or 3, or 0 (taken from the column).";
        if (input.Mean is null || !input.Mean.All(float.IsFinite)) yield return "Network.Input.Mean must hold finite numbers only.";
        if (input.Scale is null || !input.Scale.All(scale => float.IsFinite(scale) && scale != 0))
            yield return "Network.Input.Scale must hold finite numbers other than 0 only.";
        if (!Enum.IsDefined(input.ValueRange))
            yield return $"Network.Input.ValueRange is {(int)input.ValueRange}; it must be one of "
                + $"{string.Join(", ", Enum.GetNames<ValueRange>())}.";
        if (!Enum.IsDefined(input.ChannelOrder))
            yield return $"Network.Input.ChannelOrder is {(int)input.ChannelOrder}; it must be Rgb or Bgr.";
    }
}
