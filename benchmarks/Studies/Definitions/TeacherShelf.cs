using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// What teachers say of the rows that they were trained on. It is kept on disk, so that each teacher is trained and asked once, whatever
/// number of processes share the folder.
/// </summary>
/// <param name="folder">The folder; made when something is kept.</param>
internal sealed class TeacherShelf(string folder)
{
    /// <summary>The column of the teacher's probabilities.</summary>
    public const string Scores = "TeacherScore";

    /// <summary>The column of its last feature maps, (1, C, H, W), which the graph of a network for images names so.</summary>
    public const string Maps = "FeatureMaps";

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(0.2);

    /// <summary>Trains a teacher, and keeps what it says unless that is there.</summary>
    /// <param name="teacher">All that the teacher depends on, its rows and seed too: the name of its file.</param>
    /// <param name="training">The training; its training rows are the teacher's.</param>
    /// <param name="fit">Trains it.</param>
    public EarlyReadoutTransformer Train(string teacher, Training training, Func<EarlyReadoutTransformer> fit)
    {
        string file = PathOf(teacher);
        using FileStream mine = Lock(file, training.Cancellation);
        EarlyReadoutTransformer trained = fit();
        if (!File.Exists(file)) Keep(trained, training, file);
        return trained;
    }

    /// <summary>
    /// The training rows with the teacher's probabilities, TeacherScore, and, of images, its last feature maps, FeatureMaps. It is trained
    /// now unless that was done; where another process is at it, that is waited for.
    /// </summary>
    /// <param name="teacher">All that the teacher depends on, its rows and seed too.</param>
    /// <param name="training">The training.</param>
    /// <param name="fit">Trains it.</param>
    public IDataView Teach(string teacher, Training training, Func<EarlyReadoutTransformer> fit)
    {
        string file = PathOf(teacher);
        if (!File.Exists(file)) // which appears only when it is whole
        {
            using FileStream mine = Lock(file, training.Cancellation);
            if (!File.Exists(file))
            {
                using EarlyReadoutTransformer trained = fit();
                Keep(trained, training, file);
            }
        }

        return training.Ml.Data.LoadFromBinary(file);
    }

    // Scoring costs more than reading, so what is kept is not the teacher.
    private static void Keep(EarlyReadoutTransformer teacher, Training training, string file)
    {
        (string graph, string unfinished) = (file + ".onnx", file + ".part");
        if (teacher.Graph.FeatureMaps is null)
        {
            Save(teacher.Transform(training.Data.Train), [Scores], training, unfinished);
        }
        else
        {
            teacher.SaveAsOnnx(graph);
            using (var scorer = training.Ml.Transforms.ApplyOnnxModel(["Score", Maps], [teacher.FeatureColumnName], graph)
                .Fit(training.Data.Train))
            {
                Save(scorer.Transform(training.Data.Train), [Scores, Maps], training, unfinished);
            }

            File.Delete(graph);
        }

        File.Move(unfinished, file);
    }

    private static void Save(IDataView scored, string[] said, Training training, string file)
    {
        string[] kept = [.. training.Data.Train.Schema.Where(column => !column.IsHidden).Select(column => column.Name), .. said];
        using FileStream stream = File.Create(file);
        training.Ml.Data.SaveAsBinary(
            training.Ml.Transforms.CopyColumns(Scores, "Score").Append(training.Ml.Transforms.SelectColumns(kept))
                .Fit(scored)
                .Transform(scored),
            stream);
    }

    // The system lets go of it with the process, so that no dead one bars the others.
    private static FileStream Lock(string file, CancellationToken cancellation)
    {
        string name = file + ".lock";
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(name))
            {
                cancellation.WaitHandle.WaitOne(_pause);
            }
        }
    }

    private string PathOf(string teacher)
    {
        string name = string.Concat(teacher.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' ? letter : '_'));
        return Path.Combine(Directory.CreateDirectory(folder).FullName, name + ".idv");
    }
}
