using Studies;

namespace MLSieve.Tests;

/// <summary>Every method of a study of texts, in a class of its own so that the other studies of texts run beside it.</summary>
public sealed class TextMethodsTests(TextRehearsal rehearsal) : IClassFixture<TextRehearsal>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("texts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_rehearsal_of_every_method_ends_with_the_figure_that_counts()
    {
        TextRehearsal.RequireData();
        MethodStudy study = rehearsal.Narrow("multinli", _folder);
        foreach (Method method in study.Asked())
        {
            string setting = method.Settings is null
                ? method.Candidates[0].Setting
                : "stage=2,depth=1,every=1,forget=0.01,readout=0.01,width=64";
            FinishedRun run = TextRehearsal.Of(study, method.Name, setting);
            Assert.Equal(run.Metrics[StudyMetrics.Worst], run.Primary);
            string[] groups =
            [
                .. run.Metrics.Keys.Where(name =>
                    name.Contains(", ", StringComparison.Ordinal) && name.EndsWith(" negation.accuracy", StringComparison.Ordinal)),
            ];
            Assert.Equal(6, groups.Length);
            if (method.Name == "sieve") Assert.Contains("forgetting loss", run.LastEpoch!, StringComparison.Ordinal);
        }
    }
}
