namespace Microsoft.ML.EarlyReadout;

/// <content>The graph as an <c>.onnx</c> model for other programs.</content>
public sealed partial class EarlyReadoutTransformer
{
    /// <summary>Writes the graph as an <c>.onnx</c> model.</summary>
    /// <param name="stream">Where to.</param>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    /// <remarks>Its input is named like the feature column (for images, with <c>.Pixels</c> appended: (N, 3, height, width), red, green,
    /// blue, 0 to 255; texts are strings, (N, 1), and second texts an input named like their column), and its output of class
    /// probabilities (N, C) like the score column. <c>Logits</c> (N, C) come before the softmax. Where the network ends in a linear layer,
    /// <c>Embedding</c> (N, D) is what that layer reads. Where it ends in global average pooling, <c>ActivationMaps</c> (N, C, h, w) are
    /// the class activation maps before their ReLU, and if a linear layer follows, <c>FeatureMaps</c> (N, D, h, w) are what the pooling
    /// reads. For each readout R, <c>R.Score</c> (N, C) are its probabilities. The outputs whose names begin with
    /// <c>EarlyReadout.HeadInput</c> and <c>EarlyReadout.MarginInput</c> are for the stock transformers of a saved model. A name that is a
    /// column's already ends in an underscore.</remarks>
    public void SaveAsOnnx(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        stream.Write(Graph.Bytes);
    }

    /// <summary>Writes the graph as an <c>.onnx</c> file: wholly or not at all.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    /// <inheritdoc cref="SaveAsOnnx(Stream)" path="/remarks"/>
    public void SaveAsOnnx(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfDisposed();
        AtomicFile.Write(path, SaveAsOnnx);
    }

    /// <summary>Writes the graph of a model of texts as an <c>.onnx</c> model that reads tokens in place of strings, for a program that has
    /// the tokeniser of its own.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="fromTokens">Whether it reads tokens: int32, (N, L), L as the longest row has, as the model's vocabulary numbers them:
    /// <c>[CLS] a [SEP]</c>, or <c>[CLS] a [SEP] b [SEP]</c>, and 0 behind. The input is named like the feature column, with
    /// <c>.Tokens</c> appended. <see langword="false"/>: as <see cref="SaveAsOnnx(Stream)"/>.</param>
    /// <exception cref="InvalidOperationException">The model does not read texts.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void SaveAsOnnx(Stream stream, bool fromTokens)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ThrowIfDisposed();
        stream.Write(fromTokens ? FromTokens() : Graph.Bytes);
    }

    /// <summary>Writes the graph of a model of texts as an <c>.onnx</c> file that reads tokens: wholly or not at all.</summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="fromTokens">As in <see cref="SaveAsOnnx(Stream, bool)"/>.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <inheritdoc cref="SaveAsOnnx(Stream, bool)" path="/exception"/>
    public void SaveAsOnnx(string path, bool fromTokens)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfDisposed();
        byte[] bytes = fromTokens ? FromTokens() : Graph.Bytes;
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>Writes one <c>.onnx</c> model that goes from the columns of an exported pipeline to class probabilities.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="prefix">The model that <c>mlContext.Model.ConvertToOnnx</c> (package Microsoft.ML.OnnxConverter) wrote of the
    /// transforms before this one; it must have the feature column among its outputs.</param>
    /// <exception cref="InvalidDataException">The prefix is no ONNX model, lacks the feature column, gives rows of another length, is
    /// written for an operator set newer than 17 or too old for the network, or has an output named as one of this model's.</exception>
    /// <exception cref="InvalidOperationException">The model reads texts.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    /// <remarks>Its inputs are the prefix's; its outputs are those of <see cref="SaveAsOnnx(Stream)"/>.</remarks>
    public void SaveAsOnnx(Stream stream, byte[] prefix)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(After(prefix));
    }

    /// <summary>
    /// Writes one <c>.onnx</c> file that goes from the columns of an exported pipeline to class probabilities: wholly or not at all.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="prefix">As in <see cref="SaveAsOnnx(Stream, byte[])"/>.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <inheritdoc cref="SaveAsOnnx(Stream, byte[])" path="/exception"/>
    public void SaveAsOnnx(string path, byte[] prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] joined = After(prefix);
        AtomicFile.Write(path, stream => stream.Write(joined));
    }

    private byte[] FromTokens() => Graph.Tokens is { } tokens
        ? OnnxGraph.StartAt(Graph.Bytes, tokens, Graph.Input + ".Tokens")
        : throw new InvalidOperationException($"The model reads column '{FeatureColumnName}', which holds no texts: it has no tokens.");

    private byte[] After(byte[] prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ThrowIfDisposed();
        if (Graph.Tokens is not null)
        {
            throw new InvalidOperationException($"The model reads the texts of column '{FeatureColumnName}' itself, and a prefix would "
                + "have to give it texts: ML.NET exports no transform that does. Save the model without a prefix.");
        }

        return PrefixMerge.Append(prefix, Graph.Bytes, FeatureColumnName);
    }
}
