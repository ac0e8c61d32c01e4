using System.Text.Json;
using Studies;

namespace MLSieve.Tests;

/// <summary>A run of a study of texts as a queue makes it, here.</summary>
internal static class TextRehearsal
{
    /// <summary>Skips a test where the data or the encoder are not at hand.</summary>
    public static void RequireData()
    {
        foreach (string folder in new[] { MultiNliStudy.Folder, IdentityTermsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder })
            RealData.Path(folder);
    }

    /// <summary>The study of a line of a queue.</summary>
    public static MethodStudy Study(string line, string folder) =>
        QueueFile.Studies(line, StudyOptions.Parse(["queue", "any", "--out", folder])).Single();

    /// <summary>Trains and tests a method at its first setting.</summary>
    /// <returns>Its line, written and read again.</returns>
    public static FinishedRun Of(MethodStudy study, string method)
    {
        Method asked = study.Asked().Single(each => each.Name == method);
        return Of(study, method, asked.Candidates[0].Setting);
    }

    /// <summary>Trains and tests a method at a setting.</summary>
    /// <returns>Its line, written and read again.</returns>
    public static FinishedRun Of(MethodStudy study, string method, string setting)
    {
        var planned = new PlannedRun("line", study.Name, study.Conditions, RunPhase.Final, method, setting, Seed: 1);
        FinishedRun run = study.Train(planned, TestContext.Current.CancellationToken);
        Assert.Null(run.Diverged);
        return JsonSerializer.Deserialize<FinishedRun>(JsonSerializer.Serialize(run, FinishedRun.Line), FinishedRun.Line)!;
    }
}
