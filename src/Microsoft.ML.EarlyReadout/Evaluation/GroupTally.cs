namespace Microsoft.ML.EarlyReadout;

/// <summary>Counts of rows, and of right ones, by a path of category ids (label, attribute, attribute …).</summary>
internal sealed class GroupTally
{
    // A tree: (parent node, id) → node. Node 0 is the root.
    private readonly Dictionary<(int Parent, int Id), int> _nodes = [];
    private readonly Dictionary<int, Group> _groups = [];

    internal sealed class Group(int[] path)
    {
        public int[] Path { get; } = path;
        public long Count { get; set; }
        public long Correct { get; set; }
    }

    public IReadOnlyCollection<Group> Groups => _groups.Values;

    /// <param name="path">The row's ids, as many in every call.</param>
    /// <param name="correct">Whether the predicted label is the true one.</param>
    public void Add(ReadOnlySpan<int> path, bool correct)
    {
        int node = 0;
        foreach (int id in path)
        {
            if (!_nodes.TryGetValue((node, id), out int next))
                _nodes.Add((node, id), next = _nodes.Count + 1);
            node = next;
        }
        if (!_groups.TryGetValue(node, out Group? group))
            _groups.Add(node, group = new Group(path.ToArray()));
        group.Count++;
        if (correct)
            group.Correct++;
    }
}
