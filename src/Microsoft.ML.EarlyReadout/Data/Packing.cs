using System.Text.Json;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What decides how the rows of a view are packed: equal ones give equal sets.</summary>
/// <param name="Columns">The columns that are read.</param>
/// <param name="Input">What the user says of images, as JSON.</param>
/// <param name="Like">What a validation set must agree with in the training set, as JSON; <see langword="null"/> for training rows.</param>
/// <param name="Maker">What made the columns that a method has added, by value; <see langword="null"/> where the view itself has what
/// is read.</param>
internal sealed record Packing(TrainingColumns Columns, string Input, string? Like, object? Maker)
{
    /// <summary>The packing of a reading.</summary>
    public static Packing Of(TrainingColumns columns, InputOptions input, TrainingSet? like, object? maker) => new(
        columns,
        Json(input),
        like is null ? null : Json(new
        {
            Shape = (object)like.Shape, // with what only an image has
            like.Pixels,
            like.HasClassNames,
            like.ClassNames,
            like.Tokenizer?.Vocabulary.Tokens,
            like.Tokenizer?.Lowercase,
        }),
        maker);

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, OptionsJson.Form);
}
