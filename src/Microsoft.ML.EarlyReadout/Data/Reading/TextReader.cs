using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Cuts texts into tokens and packs those.</summary>
/// <param name="cursor">The cursor.</param>
/// <param name="column">The column of texts.</param>
/// <param name="tokenizer">Cuts them.</param>
internal sealed class TextReader(DataViewRowCursor cursor, DataViewSchema.Column column, BertTokenizer tokenizer) : FeatureReader
{
    private readonly ValueGetter<ReadOnlyMemory<char>> _getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
    private readonly int[] _tokens = new int[tokenizer.MaxTokens];
    private ReadOnlyMemory<char> _text;
    private long _rows, _empty, _cut;

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        _getter(ref _text);
        EncodedText encoded = tokenizer.Encode(_text.Span, _tokens);
        packer.Add(_tokens.AsSpan(0, encoded.Length));
        _rows++;
        if (encoded.IsTruncated) _cut++;
        if (_text.Span.IsWhiteSpace()) _empty++;
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) =>
        FeatureShape.Tokens(tokenizer.MaxTokens, tokenizer.Vocabulary.Size, tokenizer.Vocabulary.Separator);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">No text has a word.</exception>
    public override void ReportFindings(Action<string> log, Action<string> warn)
    {
        if (_empty == _rows)
            throw new InvalidDataException(FormattableString.Invariant($"All {_rows} texts of column '{column.Name}' are empty."));
        if (_empty > 0)
            log(FormattableString.Invariant($"{_empty} of {_rows} texts of column '{column.Name}' are empty."));
        if (_cut > 0)
        {
            log(FormattableString.Invariant($"{_cut} of {_rows} texts of column '{column.Name}' are cut to {tokenizer.MaxTokens} tokens ")
                + "(Network.MaxTokens).");
        }
    }
}
