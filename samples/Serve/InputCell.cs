using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>A column that a row in JSON gives.</summary>
internal sealed class InputCell
{
    private readonly Func<JsonElement, object> _read;

    /// <param name="column">A column that the model reads.</param>
    /// <exception cref="NotSupportedException">It has a type that JSON does not give.</exception>
    public InputCell(DataViewSchema.Column column)
    {
        Column = column;
        _read = Reader(column.Type) ?? throw new NotSupportedException(
            $"The model reads column '{column.Name}' of type {column.Type}. This server reads texts, numbers, bools, and vectors of "
                + "numbers or texts of a known size.");
    }

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Reads its value.</summary>
    /// <exception cref="BadHttpRequestException">It is not there, or of another type.</exception>
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

    private static Func<JsonElement, object>? Reader(DataViewType type) => type switch
    {
        TextDataViewType => value => Text(value),
        BooleanDataViewType => value => value.GetBoolean(),
        NumberDataViewType when type == NumberDataViewType.Single => value => Single(value),
        NumberDataViewType when type == NumberDataViewType.Double => value => value.GetDouble(),
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

    private static ReadOnlyMemory<char> Text(JsonElement value) =>
        (value.GetString() ?? throw new FormatException("No text.")).AsMemory();

    // JSON has no infinity, but 1e99 becomes one.
    private static float Single(JsonElement value) =>
        value.GetSingle() is var number && float.IsFinite(number) ? number : throw new FormatException("Out of range.");

    private static string Excerpt(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
