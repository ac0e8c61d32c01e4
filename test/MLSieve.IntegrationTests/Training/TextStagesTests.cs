using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What the stages of a text encoder put out is computed in parts of a batch.</summary>
public sealed class TextStagesTests : IDisposable
{
    private readonly MoodTexts _texts = new();

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void A_profile_of_texts_looks_after_every_part_of_a_batch_whether_it_is_to_stop()
    {
        const int texts = 100, parts = 7; // of 16 texts
        IDataView rows = _texts.View(MoodTexts.Draw(texts, seed: 1));
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(rows);
        int looks = 0;
        var cancellation = new Cancellation(CancellationToken.None, () => ++looks < 0);
        new StageProfiler(model, [nameof(MoodTexts.Row.Mood)], cancellation).Profile(rows, rows);
        // in either view at every row too; then before each stage is decoded
        Assert.InRange(looks, 2 * (texts + parts), 2 * (texts + parts) + 10);
    }
}
