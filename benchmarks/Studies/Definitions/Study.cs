namespace Studies;

/// <summary>One question asked of data.</summary>
internal abstract class Study
{
    /// <summary>The name under which its figures are recorded.</summary>
    public abstract string Name { get; }

    /// <summary>What is asked, in one line for the report.</summary>
    public abstract string Description { get; }

    /// <summary>The column of the spurious attribute; <see langword="null"/> where the rows do not tell it.</summary>
    public virtual string? GroupColumn => "Cue";

    /// <summary>
    /// The number of the study's definition. Raise it by one with a change after which its runs are not comparable with those before: of
    /// the network or its weights, the batch, a readout's width, the rows, or of what a method has fixed. Runs under another number are
    /// another study's. What the command line can change is in the conditions by itself.
    /// </summary>
    public virtual int Definition => 1;

    /// <summary>What that adds to the conditions; nothing for the first, so that older lines stay valid.</summary>
    public string DefinitionText => Definition > 1 ? FormattableString.Invariant($" definition {Definition}") : "";

    /// <summary>Trains the model of a final run again. Equal records give equal models.</summary>
    /// <param name="record">The record, one of this study.</param>
    /// <param name="cancellation">Stops within one step of the training.</param>
    public abstract TrainedModel TrainAgain(Record record, CancellationToken cancellation);

    /// <summary>Trains and evaluates, one record a final run.</summary>
    /// <param name="store">Keeps runs, so that none is made twice.</param>
    /// <param name="cancellation">Stops within one step of a training.</param>
    public abstract IEnumerable<Record> Run(RunStore store, CancellationToken cancellation);
}
