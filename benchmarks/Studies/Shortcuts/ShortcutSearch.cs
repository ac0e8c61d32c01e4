using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;

namespace Studies;

/// <summary>
/// The command <c>find</c>: plain training with readouts that nobody told the groups, then <c>FindShortcuts</c> in training and test rows
/// at several settings. Do the clusters match the true attribute, and does the readout matter? Beside it the same clustering of all errors
/// of the network, of its confident errors, and of random rows.
/// </summary>
internal sealed class ShortcutSearch(StudyOptions options, CancellationToken cancellation)
{
    /// <summary>The margin at which numbers of clusters are compared: the library's default.</summary>
    public const double OwnMargin = 0.5;

    /// <summary>The number of clusters at which margins are compared: the library's default.</summary>
    public const int OwnClusters = 2;

    private const string Balanced = "-balanced";
    private static readonly (double Margin, int Clusters)[] _settings =
        [(OwnMargin, OwnClusters), (0, OwnClusters), (0.8, OwnClusters), (OwnMargin, 1), (OwnMargin, 4)];

    private string File => Path.Combine(options.Out, "shortcuts", options.Study + ".jsonl");

    /// <summary>Trains each seed that the file does not have under the study's conditions, and appends its figures.</summary>
    /// <exception cref="UsageException">The study has no plain training at a number of steps, or no attribute.</exception>
    public void Run()
    {
        foreach (MethodStudy each in StudyList.Create(options))
        {
            if (each is not EqualStepsStudy { GroupColumn: not null } study)
                throw new UsageException($"find takes a study of one shortcut, such as pets or adult-methods, not {options.Study}.");
            foreach (int seed in study.FinalSeeds)
                if (!Lines(study).Any(line => line.Seed == seed)) Find(study, seed);

            Console.Write($"{study.Name}\n\n{ShortcutTables.Of([.. Lines(study)])}");
        }
    }

    private IEnumerable<ShortcutFigures> Lines(EqualStepsStudy study) => JsonLines.Read<ShortcutFigures>(File)
        .Where(line => (line.Study, line.Conditions) == (study.Name, study.Conditions));

    private void Find(EqualStepsStudy study, int seed)
    {
        (EarlyReadoutTransformer model, StudyData data) = study.Diagnosed(seed, Taps(study), cancellation);
        using (model)
        {
            ShortcutFigures[] lines =
            [
                .. Figures(study, seed, model, Splits.Train, data.Train), .. Figures(study, seed, model, Splits.Test, data.Test),
            ];
            JsonLines.AppendAll(File, lines); // a seed that has one line has all
        }
    }

    // On unbalanced classes a readout may know only which class is frequent: a class-balanced one tells.
    private static EarlyReadoutEstimator.Tap[] Taps(EqualStepsStudy study) => study is AdultMethodsStudy
        ? [new() { Stage = 1, Name = "stage1" }, new() { Stage = 1, ClassBalanced = true, Name = "stage1" + Balanced }]
        : [.. Enumerable.Range(1, 3).Select(stage => new EarlyReadoutEstimator.Tap
        {
            Stage = stage,
            Name = FormattableString.Invariant($"stage{stage}"),
        })];

    private IEnumerable<ShortcutFigures> Figures(
        EqualStepsStudy study, int seed, EarlyReadoutTransformer model, string split, IDataView rows)
    {
        var ml = new MLContext(seed);
        IDataView scored = StudyMetrics.Score(ml, model, rows);
        string[] attributes = [.. scored.GetColumn<string>(study.GroupColumn!)];
        uint[] labels = [.. scored.GetColumn<uint>("Label")], predicted = [.. scored.GetColumn<uint>("PredictedLabel")];
        GroupMetrics groups = ml.MulticlassClassification.EvaluateByGroup(scored, study.GroupColumn!);
        GroupResult worst = groups.Groups.Single(group => group.Name == groups.WorstGroup);
        bool[] isWorst =
            [.. labels.Zip(attributes, (label, value) => (model.ClassNames[(int)label - 1], value) == (worst.Label, worst.Attributes[0]))];
        SuspectRow[] errors = [.. Rows().Where(row => row.IsError)];
        Dictionary<int, ClusterFigures> ofErrors = _settings.Select(setting => setting.Clusters).Distinct()
            .ToDictionary(clusters => clusters, clusters => Clustered(errors, clusters));
        foreach (string readout in model.ReadoutNames)
        {
            foreach ((double margin, int clusters) in _settings)
            {
                var settings = new ShortcutOptions { MinMargin = margin, Clusters = clusters, TellingValues = 0 };
                ShortcutFindings found = new ShortcutFinder(model, new ReadoutColumns(readout), settings, seed, cancellation)
                    .Find(rows, scored);
                SuspectRow[] drawn =
                [
                    .. SeedSequence.Of(seed).For("random rows").Permutation(labels.Length).Take((int)found.SuspectCount).Order()
                        .Select(index => new SuspectRow(index, (int)labels[index], 0, 1, labels[index] != predicted[index])),
                ];
                yield return new ShortcutFigures
                {
                    Study = study.Name,
                    Conditions = study.Conditions,
                    Seed = seed,
                    Split = split,
                    Accuracy = groups.AverageAccuracy,
                    WorstGroup = groups.WorstGroup,
                    WorstAccuracy = groups.WorstGroupAccuracy,
                    WorstShare = (double)worst.Count / groups.RowCount,
                    Readout = readout,
                    MinMargin = margin,
                    ClustersEach = clusters,
                    Found = Of(found.Clusters.Select(cluster => cluster.Rows)),
                    Errors = ofErrors[clusters],
                    ConfidentErrors = Clustered([.. errors.Where(row => row.Margin >= margin)], clusters),
                    Random = Clustered(drawn, clusters),
                    Steps = study.Steps,
                    Made = Provenance.Now(options.Text),
                };
            }
        }

        IEnumerable<SuspectRow> Rows() => scored.GetColumn<float[]>("Score").Select((score, index) => new SuspectRow(
            index, (int)labels[index], (int)predicted[index], ConfidenceMargin.Of(score), predicted[index] != labels[index]));

        ClusterFigures Clustered(SuspectRow[] some, int clusters) => Of(
            new ShortcutFinder(
                model, new ReadoutColumns(""), new ShortcutOptions { Clusters = clusters }, seed, cancellation).Cluster(scored, some)
                .OrderByDescending(cluster => cluster.Count(row => row.IsError)).ThenByDescending(cluster => cluster.Length)
                .Select(cluster => cluster.Select(row => row.Index).ToArray()));

        ClusterFigures Of(IEnumerable<IReadOnlyList<long>> clusters) => ClusterFigures.Of([.. clusters], attributes, isWorst);
    }
}
