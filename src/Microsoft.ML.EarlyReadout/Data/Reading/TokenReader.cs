using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Cuts texts, or pairs of texts, into tokens and packs those.</summary>
/// <param name="cursor">The cursor.</param>
/// <param name="features">The column of texts, and that of second texts.</param>
/// <param name="tokenizer">Cuts them.</param>
internal sealed class TokenReader(DataViewRowCursor cursor, FeatureColumn features, BertTokenizer tokenizer) : FeatureReader
{
    private readonly ValueGetter<ReadOnlyMemory<char>> _getter = cursor.GetGetter<ReadOnlyMemory<char>>(features.Column);
    private readonly ValueGetter<ReadOnlyMemory<char>>? _second =
        features.Second is { } second ? cursor.GetGetter<ReadOnlyMemory<char>>(second) : null;

    private readonly int[] _tokens = new int[tokenizer.MaxTokens];
    private ReadOnlyMemory<char> _text, _secondText;
    private long _rows, _empty, _cut;

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        _getter(ref _text);
        _second?.Invoke(ref _secondText);
        EncodedText encoded = _second is null
            ? tokenizer.Encode(_text.Span, _tokens) : tokenizer.Encode(_text.Span, _secondText.Span, _tokens);
        packer.Add(_tokens.AsSpan(0, encoded.Length));
        _rows++;
        if (encoded.IsTruncated) _cut++;
        if (encoded.IsEmpty) _empty++;
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) =>
        FeatureShape.Tokens(tokenizer.MaxTokens, tokenizer.Vocabulary.Size, tokenizer.Vocabulary.Separator);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">No text has a word.</exception>
    public override void ReportFindings(Action<string> log, Action<string> warn)
    {
        string texts = features.Second is { } second
            ? $"pairs of texts of columns '{features.Column.Name}' and '{second.Name}'" : $"texts of column '{features.Column.Name}'";
        if (_empty == _rows) throw new InvalidDataException(FormattableString.Invariant($"All {_rows} {texts} are empty."));
        if (_empty > 0) log(FormattableString.Invariant($"{_empty} of {_rows} {texts} are empty."));
        if (_cut > 0)
        {
            log(FormattableString.Invariant($"{_cut} of {_rows} {texts} are cut to {tokenizer.MaxTokens} tokens ")
                + "(Network.MaxTokens).");
        }
    }
}
