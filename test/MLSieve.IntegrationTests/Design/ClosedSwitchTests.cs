using System.Diagnostics;

namespace MLSieve.Tests;

/// <summary>What a new member of an enum, or a new kind of example, does to a switch that does not know it: an error, never a
/// default.</summary>
public sealed class ClosedSwitchTests
{
    /// <summary>Switches over enums of other libraries for which "none of these" is an answer.</summary>
    private static readonly string[] _answers =
    [
        "Methods/Distillation/Teachers/OnnxNumbers.cs, Floats", // no numbers: the caller says what is wrong with the teacher's output
        "Methods/Distillation/Teachers/OnnxTeacherInput.cs, Kind", // null: the graph is refused
        "Foundation/Columns/CategoryColumn.cs, Open", // has no default; what follows the switch throws
    ];

    /// <summary>Choices by one member of our enums, where a new member belongs to all others.</summary>
    private static readonly string[] _others =
    [
        "Features/PixelRange.cs, Mean", // only AsIs leaves numbers as they are
        "Features/PixelRange.cs, Scale",
        "Methods/Distillation/DebiasedDistillationOptions.cs, OneClassAdvice", // only Debiased weighs rows
        "Networks/Layers/BatchNorm2d.cs, forward", // only BatchOnly moves no statistics
        "Reports/Search/LossSection.cs, Alone", // only a cross-entropy is called a loss, only a share ends at 100 %
        "Search/Engine/RunStanding.cs, Fault", // only a failed run has a fault in the store
        "Search/Engine/RunStanding.cs, FigureAt",
        "Text/CharacterTable.cs, Entry", // only a space has no character to read
    ];

    private static readonly Lazy<IReadOnlyList<ClosedSwitch>> _switches =
        new(() => [.. LibrarySource.Libraries.SelectMany(ClosedSwitch.In)]);

    [Fact]
    public void A_switch_over_an_enum_or_over_our_classes_throws_at_what_it_does_not_name()
    {
        // What is looked at is there at all: an expression over an enum, a statement, and one over classes.
        Assert.Contains(_switches.Value, each => each is { Place: "Networks/NetworkFactory.cs, Build", Type: "NetworkKind" });
        Assert.Contains(_switches.Value, each => each is { Place: "Methods/Plain/SupervisedTraining.cs, Run", Type: "ObjectiveKind" });
        Assert.Contains(_switches.Value, each => each is { Place: "Data/Reading/FeatureReader.cs, Open", Type: "FeatureFormat" });
        Assert.Empty(_switches.Value.Where(each => each.Rest is null or "").Select(each => each.Place).Except(_answers));
    }

    [Fact]
    public void A_switch_that_says_unreachable_names_all_members_of_our_enum_and_all_our_classes() =>
        Assert.Empty(_switches.Value.Where(each => each.Rest == nameof(UnreachableException) && each.Missing.Count > 0)
            .Select(each => $"{each.Place}: {each.Type} {string.Join(", ", each.Missing)}"));

    [Fact]
    public void A_choice_between_two_leaves_no_third_member_of_our_enum_unnamed()
    {
        Assert.Contains(_switches.Value, each => each is { Type: "ImageLayout", Rest: ClosedSwitch.Else, Missing.Count: 1 });
        Assert.Equal(
            _others.Order(),
            _switches.Value.Where(each => each is { Rest: ClosedSwitch.Else, Missing.Count: > 1 }).Select(each => each.Place).Distinct()
                .Order());
    }

    [Fact]
    public void CONTRIBUTING_lists_the_files_that_switch_over_kinds_of_example()
    {
        string row = File.ReadLines(Path.Combine(Repository.Root, "CONTRIBUTING.md"))
            .Single(line => line.StartsWith("| a data type |", StringComparison.Ordinal));
        string[] files = [.. _switches.Value.Where(each => each.Type is "FeatureShape" or "FeatureFormat")
            .Select(each => each.Place.Split(".cs, ")[0]).Distinct()];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Contains($"`{file}`", row, StringComparison.Ordinal));
    }

    [Fact]
    public void Answers_to_none_of_these_are_still_there() =>
        Assert.Equal(
            _answers.Order(), _switches.Value.Where(each => each.Rest is null or "").Select(each => each.Place).Distinct().Order());
}
