using System.Runtime.ExceptionServices;
using System.Text;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The processes that train one network together, as one of them (a rank) sees it. All ranks call the same members in the same order.
/// </summary>
/// <remarks>What comes out of a member is bitwise the same in all ranks.</remarks>
/// <threadsafety>Not thread-safe: one training at a time uses it.</threadsafety>
internal abstract class RankGroup
{
    private Exception? _unthrown;
    private Tensor[] _handed = [];

    /// <summary>One process that trains on its own: nothing is summed, nothing is waited for.</summary>
    public static RankGroup Single { get; } = new SingleRank();

    /// <summary>This process, from 0.</summary>
    public abstract int Rank { get; }

    /// <summary>The number of processes.</summary>
    public abstract int Count { get; }

    /// <summary>Whether one process trains on its own.</summary>
    public bool IsSingle => Count == 1;

    /// <summary>Whether this is the rank that writes and tells.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Adds the tensors of all ranks, in place.</summary>
    /// <param name="tensor">Contiguous numbers, of one type and shape in all ranks.</param>
    /// <exception cref="DistributedTrainingException">A rank is gone, or does not answer in time.</exception>
    public void Sum(Tensor tensor)
    {
        LetGo();
        if (_unthrown is not null)
        {
            (Exception fault, _unthrown) = (_unthrown, null);
            ExceptionDispatchInfo.Throw(fault);
        }

        Add(tensor);
    }

    /// <summary>Lets go of the other ranks, which then need not wait for this one; nothing can be summed any more.</summary>
    public virtual void Leave() { }

    /// <summary>As <see cref="Leave"/>, for a fault that cannot be thrown where it arises: the next sum throws it.</summary>
    /// <param name="fault">The fault.</param>
    public void Fail(Exception fault)
    {
        _unthrown ??= fault;
        Leave();
    }

    /// <summary>Keeps tensors that libtorch has been handed until the next sum; by then it has references of its own.</summary>
    /// <param name="tensors">The tensors; some may be missing.</param>
    public void Keep(IEnumerable<Tensor?> tensors)
    {
        LetGo();
        _handed = [.. tensors.OfType<Tensor>().Select(tensor => tensor.DetachFromDisposeScope())];
    }

    /// <summary>As <see cref="Sum(Tensor)"/>, which calls it.</summary>
    protected abstract void Add(Tensor tensor);

    private void LetGo()
    {
        foreach (Tensor tensor in _handed) tensor.Dispose();
        _handed = [];
    }

    /// <summary>The part of a batch's rows that is this rank's: one after the other, and as equal as can be.</summary>
    /// <param name="rows">Rows of the whole batch.</param>
    public Range PartOf(int rows) => StartOf(rows, Rank)..StartOf(rows, Rank + 1);

    /// <summary>The most rows of a batch that a rank has.</summary>
    /// <param name="rows">Rows of the whole batch.</param>
    public int LargestPart(int rows) => (rows + Count - 1) / Count;

    /// <summary>The place of a rank's first row in a batch.</summary>
    /// <param name="rows">Rows of the whole batch.</param>
    /// <param name="rank">The rank, or <see cref="Count"/> for the end.</param>
    public int StartOf(int rows, int rank) => (int)((long)rows * rank / Count);

    /// <summary>A number of each rank, by rank.</summary>
    public double[] Each(double number)
    {
        double[] all = new double[Count];
        all[Rank] = number;
        return Sum(all);
    }

    /// <summary>The numbers of all ranks added up.</summary>
    public double[] Sum(double[] numbers)
    {
        if (IsSingle || numbers.Length == 0) return numbers;
        using Tensor all = tensor(numbers, device: CPU);
        Sum(all);
        return all.data<double>().ToArray();
    }

    /// <summary>For each wish whether some rank has it.</summary>
    public bool[] Any(params bool[] wishes) =>
        IsSingle ? wishes : [.. Sum([.. wishes.Select(wish => wish ? 1.0 : 0)]).Select(count => count > 0)];

    /// <summary>The texts of all ranks, by rank.</summary>
    public IReadOnlyList<string> Gather(string text)
    {
        if (IsSingle) return [text];
        byte[] own = Encoding.UTF8.GetBytes(text);
        int[] sizes = [.. Each(own.Length).Select(length => (int)length)];
        double[] bytes = new double[sizes.Sum()];
        int start = sizes[..Rank].Sum();
        for (int i = 0; i < own.Length; i++) bytes[start + i] = own[i];
        byte[] all = [.. Sum(bytes).Select(value => (byte)value)];
        return [.. sizes.Select((size, rank) => Encoding.UTF8.GetString(all, sizes[..rank].Sum(), size))];
    }

    /// <summary>Throws unless all ranks say the same.</summary>
    /// <param name="entries">Names and values.</param>
    /// <exception cref="DistributedTrainingException">They differ; the message, the same in all ranks, says in what.</exception>
    public void RequireSame(IReadOnlyDictionary<string, string> entries)
    {
        if (IsSingle) return;
        const char separator = '\u001f';
        string own = string.Join(separator, entries.SelectMany(entry => new[] { entry.Key, entry.Value }));
        IReadOnlyList<string> all = Gather(own);
        string[] differences = [.. all.Skip(1).SelectMany((text, i) => Differences(Parse(all[0]), Parse(text), i + 1))];
        if (differences.Length == 0) return;
        throw new DistributedTrainingException(
            $"The {Count} ranks would not train the same: {string.Join("; ", differences)}. Start all of them with the same program, "
                + "options and data.");

        static Dictionary<string, string> Parse(string text) =>
            text.Split(separator).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    private static IEnumerable<string> Differences(Dictionary<string, string> first, Dictionary<string, string> other, int rank) =>
        first.Keys.Union(other.Keys)
            .Where(name => first.GetValueOrDefault(name) != other.GetValueOrDefault(name))
            .Select(name => Excerpt.Of(
                $"{name} is {first.GetValueOrDefault(name, "not given")} in rank 0 and "
                    + $"{other.GetValueOrDefault(name, "not given")} in rank {rank}"));

    private sealed class SingleRank : RankGroup
    {
        public override int Rank => 0;

        public override int Count => 1;

        protected override void Add(Tensor tensor)
        {
        }
    }
}
