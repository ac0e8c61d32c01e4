namespace Microsoft.ML.EarlyReadout;

/// <summary>The states of several tries while they are laid into one double array, children of one state where their codes fit between
/// those of others.</summary>
/// <param name="codes">The highest code.</param>
internal sealed class DoubleArray(int codes)
{
    private const int FirstFree = 3; // behind nowhere and two roots
    private const int NoParent = -1;

    private readonly List<int> _base = [], _check = [], _best = [];
    private int _free = FirstFree;

    /// <summary>Notes a state's longest piece.</summary>
    public void SetBest(int state, int best)
    {
        Reach(state);
        _best[state] = best;
    }

    /// <summary>Finds room for a state's children.</summary>
    /// <param name="state">The state.</param>
    /// <param name="children">The codes of its children, ascending.</param>
    /// <returns>Where the state's children begin: the child of code c is this + c.</returns>
    public int Place(int state, ReadOnlySpan<int> children)
    {
        Reach(state);
        while (IsTaken(_free)) _free++;
        int start = Math.Max(0, _free - children[0]);
        while (!IsFree(start, children)) start++;
        _base[state] = start;
        foreach (int code in children)
        {
            Reach(start + code);
            _check[start + code] = state;
        }
        return start;
    }

    /// <summary>The arrays, long enough for any code at any state.</summary>
    public (int[] Base, int[] Check, int[] Best) ToArrays()
    {
        Reach(_base.Max() + codes);
        return ([.. _base], [.. _check], [.. _best]);
    }

    private bool IsFree(int start, ReadOnlySpan<int> children)
    {
        foreach (int code in children)
            if (IsTaken(start + code)) return false;
        return true;
    }

    private bool IsTaken(int place) => place < FirstFree || (place < _check.Count && _check[place] != NoParent);

    private void Reach(int place)
    {
        while (_base.Count <= place)
        {
            _base.Add(0);
            _check.Add(NoParent);
            _best.Add(0);
        }
    }
}
