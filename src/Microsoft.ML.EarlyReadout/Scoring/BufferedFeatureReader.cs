using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns the kept values of a feature column into rows of floats.</summary>
internal abstract class BufferedFeatureReader
{
    /// <summary>Writes one row.</summary>
    /// <param name="slot">The slot that holds the row's value.</param>
    /// <param name="destination">Receives as many floats as an example has.</param>
    /// <exception cref="InvalidDataException">The value does not have the example's shape; the message names column and row.</exception>
    public abstract void Read(int slot, Span<float> destination);

    /// <summary>Makes the reader of examples.</summary>
    /// <param name="buffers">The kept values of the columns that are read, as <see cref="ScoringColumns.ReadIn"/> gives them.</param>
    /// <param name="columns">The model's columns.</param>
    /// <param name="rows">The cursor that the values are of; it stands on the row that is read.</param>
    public static BufferedFeatureReader Create(
        IReadOnlyList<ColumnBuffer> buffers, ScoringColumns columns, DataViewRow rows) => columns.Format switch
    {
        VectorFormat => new BufferedVectorReader((VectorBuffer<float>)buffers[0], columns, rows),
        ImageFormat => new BufferedImageReader((ImageBuffer)buffers[0], columns, rows),
        TextFormat => new BufferedTextReader([.. buffers.Cast<ScalarBuffer<ReadOnlyMemory<char>>>()], columns.Tokenizer!),
        _ => throw new UnreachableException($"No reader of {columns.Format}."),
    };

    private static InvalidDataException Bad(ScoringColumns columns, DataViewRow rows, string fault) =>
        FeatureReader.Bad(rows.Schema[columns.Feature], rows.Position, fault);

    private sealed class BufferedVectorReader(VectorBuffer<float> buffer, ScoringColumns columns, DataViewRow rows) : BufferedFeatureReader
    {
        public override void Read(int slot, Span<float> destination)
        {
            ref readonly VBuffer<float> value = ref buffer.Value(slot);
            if (value.Length != destination.Length)
            {
                throw Bad(columns, rows, FormattableString.Invariant(
                    $"has {value.Length} numbers; expected {destination.Length}, as the column's type says."));
            }

            value.CopyTo(destination);
        }
    }

    /// <summary>Cuts a text or a pair into the tokens into which the exported graph cuts it.</summary>
    private sealed class BufferedTextReader(ScalarBuffer<ReadOnlyMemory<char>>[] texts, BertTokenizer tokenizer) : BufferedFeatureReader
    {
        private readonly int[] _tokens = new int[tokenizer.MaxTokens];

        public override void Read(int slot, Span<float> destination)
        {
            ReadOnlySpan<char> first = texts[0].Value(slot).Span;
            if (texts.Length == 1) tokenizer.Encode(first, _tokens);
            else tokenizer.Encode(first, texts[1].Value(slot).Span, _tokens);
            for (int i = 0; i < _tokens.Length; i++) destination[i] = _tokens[i];
        }
    }

    /// <summary>Takes red, green and blue from an image, in the order in which a stock ExtractPixels would.</summary>
    private sealed class BufferedImageReader(ImageBuffer buffer, ScoringColumns columns, DataViewRow rows) : BufferedFeatureReader
    {
        private ImageResizer? _resizer;

        public override void Read(int slot, Span<float> destination)
        {
            var shape = (ImageShape)columns.Shape;
            (int width, int height) = buffer.Size(slot);
            if (width == shape.Width && height == shape.Height)
            {
                buffer.CopyTo(slot, columns.Feature, destination, shape.Layout);
                return;
            }

            if (!columns.ResizesImages)
            {
                throw Bad(columns, rows, FormattableString.Invariant(
                    $"is an image of {width}×{height} pixels; expected {shape.Width}×{shape.Height} (width×height). Add ResizeImages ")
                        + "before the model.");
            }

            using MLImage image = buffer.Image(slot)!;
            RgbPixels.Copy((_resizer ??= new ImageResizer(columns)).Resize(image), columns.Feature, destination, shape.Layout);
        }
    }
}
