using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What a search varies.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public interface ITrialSpace
{
    /// <summary>What plain training is called, in the middle of a sentence.</summary>
    string PlainName { get; }

    /// <summary>The settings that make plain training of the trainer's options.</summary>
    IReadOnlyDictionary<string, string> Plain { get; }

    /// <summary>Adds what is wrong with the space.</summary>
    /// <param name="faults">Takes the faults.</param>
    void AddFaults(OptionFaults faults);

    /// <summary>The axes, cut to a network, so that no trial is drawn that cannot run.</summary>
    /// <param name="network">The network.</param>
    /// <exception cref="ArgumentException">Nothing is left; the message says what the network has.</exception>
    IReadOnlyList<Axis> Axes(SearchedNetwork network);
}
