using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// What a search found: every trial with its curves, the choice, and what the choice gains over plain training. The same options, data
/// and seed give the same result, whatever the number of workers, and whether or not the search was interrupted.
/// </summary>
/// <remarks>It holds the packed rows of the search until it is disposed.</remarks>
/// <threadsafety>Thread-safe.</threadsafety>
public abstract class SearchResult : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(ResultJson.Form) { Converters = { new JsonStringEnumConverter() } };

    private readonly SearchFindings _findings;

    private protected SearchResult(SearchFindings findings) => _findings = findings;

    /// <summary>The trainer, such as <c>FeatureSieveTrainer</c>.</summary>
    public string Trainer => _findings.Trainer;

    /// <summary>The number of classes.</summary>
    public int ClassCount => _findings.Classes;

    /// <summary>What the trials' trainings reported (<see cref="CurvePoint.Losses"/>), as their steps declare it.</summary>
    public IReadOnlyList<Meter> Meters => _findings.Meters;

    /// <summary>What plain training is called: plain distillation, where it is that.</summary>
    public string PlainName => _findings.PlainName;

    /// <summary>The figure by which trials are compared.</summary>
    public SelectionMetric Selection => _findings.Selection;

    /// <summary>The steps after which trials were compared, ascending; the last are all steps.</summary>
    public IReadOnlyList<int> RungSteps => _findings.RungSteps;

    /// <summary>The options that the space draws as multiples of the main learning rate.</summary>
    internal IReadOnlyList<string> Multiples => _findings.Multiples;

    /// <summary>The trials, by number; 0 is plain training as the trainer's options have it.</summary>
    public IReadOnlyList<SearchTrial> Trials => _findings.Trials;

    /// <summary>
    /// The choice: <see cref="BestOther"/> where its gain is shown, else <see cref="BestPlain"/>. Plain training wins a tie.
    /// </summary>
    public SearchTrial Best => Gain?.IsSignificant == true ? BestOther! : BestPlain;

    /// <summary>The best plain trial.</summary>
    public SearchTrial BestPlain => Trials[_findings.BestPlain];

    /// <summary>The best other trial, whether or not its gain is shown; <see langword="null"/> where none gave a network.</summary>
    public SearchTrial? BestOther => _findings.BestOther is { } number ? Trials[number] : null;

    /// <summary>What <see cref="BestOther"/> gains over <see cref="BestPlain"/>; <see langword="null"/> without it.</summary>
    public SearchGain? Gain => _findings.Gain;

    /// <summary>What came out, in a sentence or two.</summary>
    public string Verdict => SearchVerdict.Of(this);

    /// <summary>The groups (label and attribute) of the rows, or the classes where the validation rows have no groups.</summary>
    public IReadOnlyList<SearchGroup> Groups => _findings.Groups;

    /// <summary>The validation rows.</summary>
    public long ValidationRows => Groups.Sum(group => group.ValidationRows);

    /// <summary>
    /// The validation rows in groups where the shortcut misleads (<see cref="SearchGroup.IsConflicting"/>): those that can tell a
    /// shortcut from the real thing. <see langword="null"/> where training or validation rows have no groups.
    /// </summary>
    public long? ConflictingRows =>
        _findings.AreGroupsKnown ? Groups.Where(group => group.IsConflicting).Sum(group => group.ValidationRows) : null;

    /// <summary>What to look at before believing the result.</summary>
    /// <remarks>Where the learning rate falls to zero there may be too few steps without a warning, since any training is flat at the end
    /// of such a schedule: fit plain training with twice the steps to find out.</remarks>
    public IReadOnlyList<string> Warnings => _findings.Warnings;

    /// <summary>The result as JSON, all runs with their curves included.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Trainer,
            ClassCount,
            Meters,
            PlainName,
            Selection,
            RungSteps,
            Best = Best.Number,
            BestPlain = BestPlain.Number,
            BestOther = BestOther?.Number,
            Verdict,
            Gain,
            ValidationRows,
            ConflictingRows,
            Groups,
            Warnings,
            Trials,
        },
        Json);

    /// <summary>The result as tables of plain text.</summary>
    public override string ToString() => SearchResultTable.Render(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the packed rows.</summary>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    private protected abstract void Dispose(bool disposing);
}
