namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows with the answers of a classifier and of its readouts, summed into a <see cref="ReadoutProfile"/>.</summary>
/// <param name="readouts">The readouts' names.</param>
internal sealed class ReadoutTally(IReadOnlyList<string> readouts)
{
    private readonly Dictionary<(int Label, int Attribute), int> _ids = [];
    private readonly List<long> _sizes = []; // rows by group
    private readonly List<int> _groups = []; // the group of each row
    private readonly List<bool> _hits = [];
    private readonly Answers[] _readouts = [.. readouts.Select(name => new Answers(name, [], []))];

    public int RowCount => _groups.Count;

    /// <summary>Adds a row.</summary>
    /// <param name="label">Its class.</param>
    /// <param name="attribute">The id of its value of the group column; any where there is none.</param>
    /// <param name="isRight">Whether the classifier is right.</param>
    public void Add(int label, int attribute, bool isRight)
    {
        if (!_ids.TryGetValue((label, attribute), out int id))
        {
            _ids.Add((label, attribute), id = _ids.Count);
            _sizes.Add(0);
        }

        _sizes[id]++;
        _groups.Add(id);
        _hits.Add(isRight);
    }

    /// <summary>Adds what a readout says of the last row.</summary>
    /// <param name="readout">The readout's place.</param>
    /// <param name="isRight">Whether it is right.</param>
    /// <param name="margin">Its confidence margin.</param>
    public void AddAnswer(int readout, bool isRight, float margin)
    {
        _readouts[readout].Hits.Add(isRight);
        _readouts[readout].Margins.Add(margin);
    }

    /// <summary>The profile of the rows, of which there is one at least.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="attribute">The group column; <see langword="null"/> without groups.</param>
    public ReadoutProfile ToProfile(ClassList classes, CategoryColumn? attribute)
    {
        double[] accuracies = Means(_hits.Select(Hit));
        Group[] groups = attribute is null
            ? []
            : [.. _ids.OrderBy(entry => entry.Key.Label)
                .ThenBy(entry => entry.Key.Attribute, Comparer<int>.Create(attribute.Compare))
                .Select(entry => new Group(
                    entry.Value, GroupName.Of(classes.Names[entry.Key.Label], (attribute, entry.Key.Attribute)),
                    classes.Names[entry.Key.Label], attribute.NameOf(entry.Key.Attribute), accuracies[entry.Value]))];
        Group? worst = groups.MinBy(group => group.Accuracy);
        return new ReadoutProfile
        {
            RowCount = _groups.Count,
            Accuracy = _hits.Average(Hit),
            WorstGroup = worst?.Name,
            Readouts = [.. _readouts.Select(readout => ResultOf(readout, groups, worst))],
        };
    }

    private ReadoutResult ResultOf(Answers readout, Group[] groups, Group? worst)
    {
        (string name, List<bool> hits, List<float> margins) = readout;
        float[] signal = [.. margins.Zip(hits, (margin, hit) => hit ? 0 : margin)];
        double[] accuracies = Means(hits.Select(Hit)), signals = Means(signal.Select(value => (double)value));
        bool[]? member = worst is null ? null : [.. _groups.Select(id => id == worst.Id)];
        long wrong = hits.Count(hit => !hit);
        long wrongMembers = member is null ? 0 : hits.Zip(member).Count(row => !row.First && row.Second);
        return new ReadoutResult
        {
            Name = name,
            Accuracy = hits.Average(Hit),
            RightMargins = MarginDistribution.Of([.. margins.Where((_, row) => hits[row])]),
            WrongMargins = MarginDistribution.Of([.. margins.Where((_, row) => !hits[row])]),
            WorstGroupRecall = worst is null ? null : (double)wrongMembers / _sizes[worst.Id],
            WorstGroupPrecision = member is null || wrong == 0 ? null : (double)wrongMembers / wrong,
            WorstGroupAreaUnderRocCurve = member is null ? null : RocCurve.Area(signal, member),
            Groups = [.. groups.Select(group => new ReadoutGroup(
                group.Name, group.Label, group.Attribute, _sizes[group.Id], group.Accuracy, accuracies[group.Id], signals[group.Id]))],
        };
    }

    // The mean of each group, in one pass over the rows however many groups there are. What is no number, of rows without a margin,
    // is left out.
    private double[] Means(IEnumerable<double> values)
    {
        var sums = new double[_sizes.Count];
        var counts = new long[_sizes.Count];
        foreach ((int id, double value) in _groups.Zip(values))
        {
            if (!double.IsFinite(value)) continue;
            sums[id] += value;
            counts[id]++;
        }

        return [.. sums.Zip(counts, (sum, count) => sum / Math.Max(1, count))];
    }

    private static double Hit(bool isRight) => isRight ? 1 : 0;

    /// <summary>What a readout says of each row.</summary>
    private sealed record Answers(string Name, List<bool> Hits, List<float> Margins);

    /// <summary>A group, with the classifier's accuracy on it.</summary>
    private sealed record Group(int Id, string Name, string Label, string Attribute, double Accuracy);
}
