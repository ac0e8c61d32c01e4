using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>A column that a row in JSON gives.</summary>
internal sealed class InputCell
{
    private readonly Func<JsonElement, object> _read;
    private readonly int _maxCharacters;

    /// <param name="column">A column that the model reads.</param>
    /// <param name="maxCharacters">The most characters of a text.</param>
    /// <exception cref="NotSupportedException">It has a type that JSON does not give.</exception>
    public InputCell(DataViewSchema.Column column, int maxCharacters)
    {
        Column = column;
        _maxCharacters = maxCharacters;
        _read = Reader(column.Type) ?? throw new NotSupportedException(
            $"The model reads column '{column.Name}' of type {column.Type}. This server reads texts, numbers, bools, and vectors of "
                + "numbers or texts of a known size.");
    }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Reads its value.</summary>
    /// <exception cref="BadHttpRequestException">It is not there, of another type, or too large.</exception>
    public object Read(JsonElement row)
    {
        if (!row.TryGetProperty(Column.Name, out JsonElement value))
            throw new BadHttpRequestException($"Column '{Column.Name}' is missing; it must be of type {Column.Type}.");
        try
        {
            return _read(value);
        }
        catch (Exception fault) when (fault is InvalidOperationException or FormatException)
        {
            throw new BadHttpRequestException($"Column '{Column.Name}' is {Excerpt(value)}; it must be of type {Column.Type}.", fault);
        }
    }

    private Func<JsonElement, object>? Reader(DataViewType type) => type switch
    {
        TextDataViewType => value => Text(value),
        BooleanDataViewType => value => value.GetBoolean(),
        NumberDataViewType when type == NumberDataViewType.Single => value => Single(value),
        NumberDataViewType when type == NumberDataViewType.Double => value => Double(value),
        NumberDataViewType when type == NumberDataViewType.Int32 => value => value.GetInt32(),
        NumberDataViewType when type == NumberDataViewType.Int64 => value => value.GetInt64(),
        VectorDataViewType { IsKnownSize: true } vector when vector.ItemType == NumberDataViewType.Single => Vector(vector.Size, Single),
        VectorDataViewType { IsKnownSize: true, ItemType: TextDataViewType } vector => Vector(vector.Size, Text),
        _ => null,
    };

    private static Func<JsonElement, object> Vector<T>(int size, Func<JsonElement, T> item) => value =>
        value.GetArrayLength() == size
            ? new VBuffer<T>(size, [.. value.EnumerateArray().Select(item)])
            : throw new FormatException("Another length.");

    // A saved tokeniser makes a string of each character before it cuts the text: a long one would take gigabytes.
    private ReadOnlyMemory<char> Text(JsonElement value)
    {
        string text = value.GetString() ?? throw new FormatException("No text.");
        return text.Length <= _maxCharacters ? text.AsMemory() : throw new BadHttpRequestException(
            $"Column '{Column.Name}' has a text of {text.Length} characters; at most {_maxCharacters} are read. Send a shorter one.",
            StatusCodes.Status413PayloadTooLarge);
    }

    // JSON has no infinity, but 1e99 becomes one.
    private static float Single(JsonElement value) =>
        value.GetSingle() is var number && float.IsFinite(number) ? number : throw new FormatException("Out of range.");

    // A network reads numbers as Single, in which a larger one is infinite.
    private double Double(JsonElement value) =>
        value.GetDouble() is var number && float.IsFinite((float)number) ? number : throw new BadHttpRequestException(
            $"Column '{Column.Name}' is {Excerpt(value)}; its numbers must be within ±3.4e38, the range of Single.");

    private static string Excerpt(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
