using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A trainer's own copy of its options, so that options can be shared by trainers and threads and changed afterwards.</summary>
internal static class OptionsCopy
{
    /// <summary>Copies by way of JSON, as a sweep does, and takes along by reference what JSON cannot hold.</summary>
    public static T Copy<T>(this T options) where T : TrainerOptions
    {
        Type type = options.GetType();
        T copy = (T)JsonSerializer.Deserialize(JsonSerializer.Serialize(options, type, OptionsJson.Form), type, OptionsJson.Form)!;
        copy.TakeReferences(options);
        return copy;
    }
}
