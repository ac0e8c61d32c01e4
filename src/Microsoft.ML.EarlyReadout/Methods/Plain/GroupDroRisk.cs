using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Group distributionally robust optimisation, "Distributionally Robust Neural Networks for Group Shifts" (ICLR 2020), its online
/// algorithm: on each batch, with ℓ_g the mean loss of the rows of group g, <c>q_g ← q_g·exp(η·ℓ_g)</c>, normalised; minimises <c>Σ_g
/// q_g·ℓ_g</c>. All q_g start alike. A group that is not in the batch has ℓ_g = 0; one without training rows has q_g = 0 from the start, so
/// that it takes nothing from the others.
/// </summary>
internal sealed class GroupDroRisk : IRisk, IDisposable
{
    private readonly Tensor _groups; // (N), int64
    private readonly int _count;
    private readonly double _rate;
    private readonly LabelLoss _loss;
    private readonly RankGroup _ranks;
    private readonly Tensor _shares; // (G), q

    /// <param name="rows">The training rows, with their groups.</param>
    /// <param name="rate">η.</param>
    /// <param name="device">The device of the training.</param>
    /// <param name="loss">The loss of a row.</param>
    /// <param name="ranks">Whose rows a batch has; one process where they are left out.</param>
    public GroupDroRisk(TrainingRows rows, double rate, Device device, LabelLoss loss, RankGroup? ranks = null)
    {
        int[] groups = rows.Set.Groups
            ?? throw new ArgumentException("Group DRO needs the groups of the training rows: set GroupColumnName.");
        _count = rows.Set.GroupNames.Count;
        _rate = rate;
        _loss = loss;
        _ranks = ranks ?? RankGroup.Single;
        var shares = new float[_count];
        int[] present = [.. rows.Indices.Select(row => groups[row]).Distinct()];
        foreach (int group in present) shares[group] = 1f / present.Length;
        _shares = tensor(shares, float32, device).DetachFromDisposeScope();
        _groups = tensor(groups, int64, device).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => [("shares", _shares)];

    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Batch batch)
    {
        Tensor members = nn.functional.one_hot(batch.Take(_groups), _count).to(ScalarType.Float32); // (B, G)
        Tensor losses = _loss.OfEach(logits, batch); // (B)
        Tensor sums = losses.unsqueeze(0).matmul(members).squeeze(0); // (G)
        // "dim" is named: a bare 0 would also be a ScalarType, and sum over everything.
        Tensor ofBatch = stack([sums.detach(), members.sum(dim: 0)]); // (2, G): losses and rows of each group
        _ranks.Sum(ofBatch);
        Tensor rows = ofBatch[1].clamp_min(Scalars.One);
        using (no_grad())
        {
            // the same among logarithms: of a large loss, exp(η·ℓ_g) alone is infinite
            Tensor raised = ofBatch[0].div(rows).mul(Scalars.Of(_rate)).add(_shares.log(), Scalars.One);
            _shares.copy_(nn.functional.softmax(raised, 0));
        }

        Tensor loss = sums.div(rows).mul(_shares.clone()).sum();
        // this rank's part of the sum, as a mean over its rows
        return _ranks.IsSingle ? loss : loss.mul(Scalars.Of((double)batch.Whole / batch.Count));
    }

    public void Dispose()
    {
        _shares.Dispose();
        _groups.Dispose();
    }
}
