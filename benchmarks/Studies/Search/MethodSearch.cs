using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;

namespace Studies;

/// <summary>
/// The search for the settings of a method, by <c>SearchFeatureSieve</c>: the rows are those of the first seed of the search; its trials
/// are compared by the mean of groups on the validation rows and stopped by halving; test rows are never looked at. Its runs lie in a
/// SQLite store beside the study's file, so that processes share it and a search that was stopped goes on.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="method">The method, one whose settings are searched.</param>
internal sealed class MethodSearch(MethodStudy study, Method method)
{
    private const int LongestName = 100; // of a search in a store
    private readonly SieveSearchOptions _options = Ask(study, method.Settings!);

    /// <summary>What is asked for, in words: two searches under the same conditions that ask for the same are one.</summary>
    public string Asked
    {
        get
        {
            string known = string.Concat(_options.KnownSettings.Select(options => $" and {Setting.Of(options)}"));
            return FormattableString.Invariant($"{_options.Trials} settings{known}, {_options.SeedsPerTrial} seeds");
        }
    }

    /// <summary>
    /// Its name in the store. Conditions and what is asked for are in it, so that a store holds the searches of several; its end says more
    /// than its beginning.
    /// </summary>
    public string Name
    {
        get
        {
            int trials = _options.Trials + _options.KnownSettings.Count;
            string all = FormattableString.Invariant($"{study.Conditions} {trials} trials {_options.SeedsPerTrial} seeds");
            string name = string.Concat(all.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' ? letter : '-'));
            return name[Math.Max(0, name.Length - LongestName)..].TrimStart('-', '.');
        }
    }

    /// <summary>Takes part until the search is over.</summary>
    /// <param name="folder">The folder of the store.</param>
    /// <param name="workers">Runs that this process trains at a time; <see langword="null"/>: as the library has it.</param>
    /// <param name="cancellation">Pauses it: what is under way is handed back, with a checkpoint.</param>
    /// <returns>Its runs, trial by trial.</returns>
    /// <exception cref="InvalidOperationException">The store has another search of this name.</exception>
    public IReadOnlyList<FinishedRun> Run(string folder, int? workers, CancellationToken cancellation)
    {
        int seed = study.SearchSeeds.First();
        var ml = new MLContext(seed);
        ml.Log += (_, line) =>
        {
            if (line is { Source: "Search", Kind: ChannelMessageKind.Info or ChannelMessageKind.Warning })
                Console.WriteLine($"  {study.Name} {method.Name}: {line.RawMessage}");
        };
        StudyData data = study.SearchRows(ml);
        string store = Path.Combine(Directory.CreateDirectory(folder).FullName, $"{study.Name}-{method.Name}.db");
        (_options.Seed, _options.Workers, _options.CancellationToken) = (seed, workers, cancellation);
        (_options.Store, _options.Name) = (TrialStore.Sqlite(store), Name);
        _options.CheckpointDirectory = Path.ChangeExtension(store, ".checkpoints");
        try
        {
            using SearchResult<FeatureSieveTrainer.Options> result =
                ml.MulticlassClassification.SearchFeatureSieve(_options).Run(data.Train, data.Validation);
            int runs = result.Trials.Sum(trial => trial.Runs.Count);
            return
            [
                .. from trial in result.Trials
                   let options = result.OptionsOf(trial)
                   from run in trial.Runs
                   select FinishedRun.Of(study, method, new SearchedTrial(Asked, trial.Number, runs), trial, options, run),
            ];
        }
        catch (SearchMismatchException fault)
        {
            throw new InvalidOperationException(
                $"{store} was made by other options or data; delete it to search anew. {fault.Message}", fault);
        }
    }

    private static SieveSearchOptions Ask(MethodStudy study, SearchedSettings settings)
    {
        SieveSearchOptions options = settings.Create();
        options.SeedsPerTrial = study.SearchSeeds.Count();
        options.ConfirmationSeeds = 0; // the final runs are on fresh seeds, and on fresh rows besides
        return options;
    }
}
