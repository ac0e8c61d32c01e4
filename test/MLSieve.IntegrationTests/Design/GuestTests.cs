using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MLSieve.Tests;

/// <summary>A method is a guest: data, training and reports do not know distillation or the sieve.</summary>
public sealed partial class GuestTests
{
    private static readonly string[] _folders = ["Data/", "Training/", "Reports/"];

    private static readonly Lazy<IReadOnlyList<(string Place, string Text)>> _names = new(Names);

    [Fact]
    public void Nothing_in_data_training_or_reports_names_distillation_or_the_sieve()
    {
        // What is looked at is there at all: a type's name, a text, and a text around a hole.
        Assert.Contains(_names.Value, each => each is { Place: "Training/TrainingLoop.cs", Text: "TrainingLoop" });
        Assert.Contains(_names.Value, each => each is { Place: "Data/DataFingerprint.cs", Text: "features" });
        Assert.Contains(_names.Value, each => each is { Place: "Data/DataFingerprint.cs", Text: "column '" });
        Assert.Contains(_names.Value, each => each.Text.Contains("The one training loop", StringComparison.Ordinal));
        Assert.Empty(_names.Value.Where(each => Guest().IsMatch(each.Text)).Select(each => $"{each.Place}: {each.Text}"));
    }

    [Theory]
    [InlineData("TeacherFeatures", true)]
    [InlineData("the teacher's scores", true)]
    [InlineData("ForgettingFigure", true)]
    [InlineData("_lessons", true)]
    [InlineData("SieveStep", true)]
    [InlineData("DistillationStep", true)]
    [InlineData("Made by MLSieve", false)]
    [InlineData("Batch", false)]
    public void A_guest_is_known_by_its_words(string text, bool isGuest) => Assert.Equal(isGuest, Guest().IsMatch(text));

    /// <summary>Every identifier, every piece of text and every comment in the folders' code.</summary>
    private static IReadOnlyList<(string Place, string Text)> Names() =>
    [
        .. from tree in LibrarySource.Compilation("Microsoft.ML.EarlyReadout").SyntaxTrees
           where _folders.Any(folder => tree.FilePath.StartsWith(folder, StringComparison.Ordinal))
           from text in tree.GetRoot().DescendantTokens().Where(IsText).Select(token => token.ValueText)
               .Concat(tree.GetRoot().DescendantTrivia().Select(trivia => trivia.ToFullString()))
           select (tree.FilePath, text),
    ];

    private static bool IsText(SyntaxToken token) =>
        token.IsKind(SyntaxKind.IdentifierToken) || token.IsKind(SyntaxKind.InterpolatedStringTextToken)
            || token.IsKind(SyntaxKind.StringLiteralToken) || token.IsKind(SyntaxKind.SingleLineRawStringLiteralToken)
            || token.IsKind(SyntaxKind.MultiLineRawStringLiteralToken);

    [GeneratedRegex("teacher|distil|(?<!ML)sieve|forget|forgot|lesson", RegexOptions.IgnoreCase)]
    private static partial Regex Guest();
}
