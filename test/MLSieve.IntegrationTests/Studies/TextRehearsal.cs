using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Studies;
using TorchSharp;

namespace MLSieve.Tests;

/// <summary>
/// Runs of studies of texts as a queue makes them, on the real texts and words, by a narrow MiniLM: every layer of the real one, of each
/// layer a few numbers. A training takes a second of it, not ten.
/// </summary>
public sealed class TextRehearsal : IDisposable
{
    private const long Width = 64, RealWidth = 384, WidthBetween = 128, RealWidthBetween = 1_536;
    private readonly DataFolder _encoder = new(), _data = new();

    public void Dispose()
    {
        _data.Dispose();
        _encoder.Dispose();
    }

    /// <summary>Skips a test where the data or the encoder are not at hand.</summary>
    public static void RequireData()
    {
        foreach (string folder in new[] { MultiNliStudy.Folder, IdentityTermsStudy.Folder, MiniLm.Folder, MiniLm.VocabularyFolder })
            RealData.Path(folder);
    }

    /// <summary>The study of a line of a queue.</summary>
    internal static MethodStudy Study(string line, string folder) =>
        QueueFile.Studies(line, StudyOptions.Parse(["queue", "any", "--out", folder])).Single();

    /// <summary>The same, quick, by the narrow MiniLM.</summary>
    internal MethodStudy Narrow(string line, string folder)
    {
        foreach (string texts in new[] { MultiNliStudy.Folder, IdentityTermsStudy.Folder })
            if (!Directory.Exists(_data[texts])) Directory.CreateSymbolicLink(_data[texts], RealData.Path(texts));
        LinkEncoder(_data);
        return Study($"{line} --quick --data {_data.Root}", folder);
    }

    /// <summary>Puts the narrow MiniLM and its vocabulary into a folder of data.</summary>
    internal void LinkEncoder(DataFolder data)
    {
        if (!Directory.Exists(_encoder[MiniLm.Folder])) WriteEncoder();
        if (Directory.Exists(data[MiniLm.Folder])) return;
        Directory.CreateSymbolicLink(data[MiniLm.Folder], _encoder[MiniLm.Folder]);
        Directory.CreateSymbolicLink(data[MiniLm.VocabularyFolder], RealData.Path(MiniLm.VocabularyFolder));
    }

    /// <summary>Trains and tests a method at its first setting.</summary>
    /// <returns>Its line, written and read again.</returns>
    internal static FinishedRun Of(MethodStudy study, string method)
    {
        Method asked = study.Asked().Single(each => each.Name == method);
        return Of(study, method, asked.Candidates[0].Setting);
    }

    /// <summary>Trains and tests a method at a setting.</summary>
    /// <returns>Its line, written and read again.</returns>
    internal static FinishedRun Of(MethodStudy study, string method, string setting)
    {
        var planned = new PlannedRun("line", study.Name, study.Conditions, RunPhase.Final, method, setting, Seed: 1);
        FinishedRun run = study.Train(planned, TestContext.Current.CancellationToken);
        Assert.Null(run.Diverged);
        return JsonSerializer.Deserialize<FinishedRun>(JsonSerializer.Serialize(run, FinishedRun.Line), FinishedRun.Line)!;
    }

    private void WriteEncoder()
    {
        Directory.CreateDirectory(_encoder[MiniLm.Folder]);
        using DisposeScope scope = torch.NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(RealData.Path(MiniLm.Folder), MiniLm.File));
        SafetensorsFile.Write(
            Path.Combine(_encoder[MiniLm.Folder], MiniLm.File),
            file.Names.Select(name => KeyValuePair.Create(name, Narrowed(file.Read(name)))));
    }

    private static torch.Tensor Narrowed(torch.Tensor tensor)
    {
        for (int i = 0; i < tensor.shape.Length; i++)
        {
            if (tensor.shape[i] == RealWidth) tensor = tensor.narrow(i, 0, Width);
            if (tensor.shape[i] == RealWidthBetween) tensor = tensor.narrow(i, 0, WidthBetween);
        }

        return tensor.contiguous();
    }
}
