using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>The options of a trial: what a search sampled, over what stays fixed.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public static class TrialOptions
{
    /// <summary>A copy of the fixed options that has the sampled value of every option that is annotated for a search.</summary>
    /// <param name="options">The fixed options, with all that JSON cannot hold.</param>
    /// <param name="sampled">The sampled ones; what they leave <see langword="null"/> stays as it is fixed.</param>
    /// <typeparam name="T">The options of the trainer.</typeparam>
    public static T Of<T>(T options, T sampled) where T : TrainerOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(sampled);
        T trial = options.Copy();
        trial.IsTrial = true;
        Take(sampled, trial);
        return trial;
    }

    private static void Take(object sampled, object trial)
    {
        foreach (PropertyInfo property in sampled.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetValue(sampled) is not { } value) continue;
            if (IsSampled(property)) property.SetValue(trial, value);
            else if (property.IsDefined(typeof(NestOptionAttribute)) && property.GetValue(trial) is { } nested) Take(value, nested);
        }
    }

    private static bool IsSampled(PropertyInfo property) => property.IsDefined(typeof(RangeAttribute))
        || property.IsDefined(typeof(ChoiceAttribute)) || property.IsDefined(typeof(BooleanChoiceAttribute));
}
