using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.ML.EarlyReadout;

/// <summary>All that a search's figures depend on, as names and values: processes whose identities are equal may share the work.</summary>
internal static class SearchIdentity
{
    private static readonly string[] PartsOfRows = ["rows", "features", "labels"];

    /// <param name="training">What the trainings' course depends on; its seed is the search's.</param>
    /// <param name="plan">The search.</param>
    /// <param name="space">What is varied.</param>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> training, SearchPlan plan, ITrialSpace space)
    {
        var identity = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in training) identity[name] = value;
        foreach ((string name, JsonNode? value) in JsonSerializer.SerializeToNode(space, space.GetType(), OptionsJson.Form)!.AsObject())
            identity[$"Space.{name}"] = value?.ToJsonString() ?? "null";
        string[] known = [.. plan.Trials.Where(trial => trial.IsKnown).Select(trial => TrialSettings.ToJson(trial.Settings))];
        if (known.Length > 0) identity["KnownSettings"] = string.Join(", ", known);
        identity["the number of trials"] = FormattableString.Invariant($"{plan.Trials.Count}");
        identity["SeedsPerTrial"] = FormattableString.Invariant($"{plan.Seeds.Count}");
        identity["ConfirmationSeeds"] = FormattableString.Invariant($"{plan.ConfirmationSeeds.Count}");
        identity["the rungs"] = string.Join(", ", plan.Rungs.Steps);
        identity["Halving.Factor"] = FormattableString.Invariant($"{plan.Factor}");
        return identity;
    }

    /// <summary>Whether a search validates on the rows on which it trains.</summary>
    public static bool HasSameRows(IReadOnlyDictionary<string, string> identity) =>
        PartsOfRows.All(part => identity[$"the training data's {part}"] == identity[$"the validation data's {part}"]);

    /// <summary>A name that no search of another identity has.</summary>
    public static string UniqueName(string name, IReadOnlyDictionary<string, string> identity) =>
        $"{name}-{TrainingIdentity.FolderHash(string.Join('\n', identity))}";

    /// <summary>Throws if a store has another search under the name.</summary>
    /// <exception cref="SearchMismatchException">It has.</exception>
    public static void Require(string name, IReadOnlyDictionary<string, string> stored, IReadOnlyDictionary<string, string> now)
    {
        IReadOnlyList<string> differences = TrainingIdentity.Differences(stored, now);
        if (differences.Count == 0) return;
        throw new SearchMismatchException(
            $"The store has another search of the name '{name}': {string.Join("; ", differences)}. Give this one another Name, "
                + "or the options and data of the other.", differences);
    }
}
