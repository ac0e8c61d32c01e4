using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Batch norm whose batch is spread over processes, against that of libtorch over the whole batch, in float64.</summary>
public sealed class RankedBatchNormTests
{
    private const int Rows = 7, Channels = 3, Side = 4;
    private const double Epsilon = 1e-5, Momentum = 0.1;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_is_that_of_the_whole_batch_forward_and_backward(int count)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");
        using var ranks = RankProcesses.Start<Child>(nameof(Child.Normalises), count);
        await ranks.RequirePassed();
    }

    [Fact]
    public void What_fails_in_its_backward_pass_is_thrown_by_the_next_sum_and_ends_no_process()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        var ranks = new OneOfTwo { FailsAt = 2 };
        Normalise(ranks).backward();

        Assert.True(ranks.HasLeft);
        using Tensor more = ones(1);
        Assert.Same(ranks.Fault, Assert.Throws<InvalidOperationException>(() => ranks.Sum(more)));
        ranks.Sum(more); // which says what it says after a leave
    }

    [Fact]
    public void Its_backward_pass_leaves_no_tensor_behind_on_a_thread_without_a_dispose_scope()
    {
        NativeBackend.EnsureLoaded();
        var ranks = new OneOfTwo();
        Exception? fault = null;
        var thread = new Thread(() => fault = Record.Exception(Run));
        thread.Start();
        thread.Join();
        Assert.Null(fault);

        void Run()
        {
            Tensor[] losses = [.. Enumerable.Range(0, 3).Select(_ => Normalise(ranks))];
            using var next = zeros(1);
            using (NativeLeakCheck.Start())
            {
                foreach (Tensor loss in losses) loss.backward();
                ranks.Sum(next);
            }

            foreach (Tensor loss in losses) loss.Dispose();
        }
    }

    private static Tensor Normalise(RankGroup ranks)
    {
        using var generator = new Generator(5);
        Tensor x = empty(4, Channels, Side, Side).normal_(0, 1, generator).requires_grad_();
        Tensor weight = ones(Channels).requires_grad_(), bias = zeros(Channels).requires_grad_();
        var over = new BatchNormOverRanks(ranks, zeros(Channels), ones(Channels), Momentum, Epsilon);
        return RankedBatchNorm.Of(x, weight, bias, over).pow(Scalars.Of(3)).sum();
    }

    /// <summary>A rank whose other one has nothing to add.</summary>
    private sealed class OneOfTwo : RankGroup
    {
        private int _sums;

        public override int Rank => 0;

        public override int Count => 2;

        public int FailsAt { get; init; }

        public InvalidOperationException Fault { get; } = new("This sum fails.");

        public bool HasLeft { get; private set; }

        public override void Leave() => HasLeft = true;

        protected override void Add(Tensor tensor)
        {
            if (++_sums == FailsAt) throw Fault;
        }
    }

    /// <summary>What the ranks run.</summary>
    public sealed class Child
    {
        [Fact(Explicit = true)]
        public void Normalises()
        {
            var ranks = new GlooGroup(RankEnvironment.Read(Environment.GetEnvironmentVariable)!, CancellationToken.None);
            Compare(ranks, mean: 0.5, deviation: 2, drift: 0, tolerance: 2e-5);
            Compare(ranks, mean: 0.5, deviation: 2, drift: 5, tolerance: 2e-5);
            // float32 rounds 1000 to 6e-5, and its square to 0.06: six times the variance
            Compare(ranks, mean: 1000, deviation: 0.1, drift: 0, tolerance: 2e-3);
            Compare(ranks, mean: -1000, deviation: 0.1, drift: 0.1, tolerance: 2e-3);
            // the rows are what bfloat16 makes of them; y and dx, of less than 8, are rounded once, to 8 bits
            Compare(ranks, mean: 0.5, deviation: 2, drift: 1, tolerance: 2e-2, ScalarType.BFloat16);
        }

        /// <param name="ranks">The ranks.</param>
        /// <param name="mean">The mean of every channel.</param>
        /// <param name="deviation">Its standard deviation.</param>
        /// <param name="drift">How much a row is above the one before: what makes the means of the ranks differ.</param>
        /// <param name="tolerance">How far numbers may be apart, relative to those of about 1.</param>
        /// <param name="type">The type of the rows.</param>
        private static void Compare(
            RankGroup ranks, double mean, double deviation, double drift, double tolerance, ScalarType type = ScalarType.Float32)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(5);
            Tensor whole = empty(Rows, Channels, Side, Side).normal_(mean, deviation, generator)
                .add(arange(Rows).mul(drift).view(-1, 1, 1, 1)).to(type);
            Tensor weight = empty(Channels).normal_(1, 0.3, generator), bias = empty(Channels).normal_(0, 1, generator);
            Tensor atOutput = empty(Rows, Channels, Side, Side).normal_(0, 1, generator).to(type);
            Norm expected = Normalise(whole.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias.to(ScalarType.Float64),
                atOutput.to(ScalarType.Float64), null);

            (int start, int length) = ranks.PartOf(Rows).GetOffsetAndLength(Rows);
            Norm found = Normalise(whole.narrow(0, start, length), weight, bias, atOutput.narrow(0, start, length), ranks);
            ranks.Sum(found.AtWeight);
            ranks.Sum(found.AtBias);

            RequireNear("y", expected.Output.narrow(0, start, length), found.Output);
            // which is as large as 1/σ
            RequireNear("dx", expected.AtInput.narrow(0, start, length).mul(deviation), found.AtInput.mul(deviation));
            RequireNear("dweight", expected.AtWeight.div(Rows), found.AtWeight.div(Rows));
            RequireNear("dbias", expected.AtBias.div(Rows), found.AtBias.div(Rows));
            RequireNear("the stored mean", expected.Mean.div(Math.Abs(mean)), found.Mean.div(Math.Abs(mean)));
            RequireNear("the stored variance", expected.Variance, found.Variance);

            void RequireNear(string what, Tensor one, Tensor other)
            {
                double away = one.sub(other.to(ScalarType.Float64)).abs().max().item<double>();
                Assert.True(away < tolerance, $"{what} is up to {away:G3} away, of mean {mean}, deviation {deviation}, drift {drift}.");
            }
        }

        private static Norm Normalise(Tensor input, Tensor weight, Tensor bias, Tensor atOutput, RankGroup? ranks)
        {
            Tensor x = input.detach().clone().requires_grad_(), w = weight.detach().clone().requires_grad_(),
                b = bias.detach().clone().requires_grad_();
            ScalarType stored = ranks is null ? ScalarType.Float64 : ScalarType.Float32;
            Tensor mean = zeros(Channels, stored), variance = ones(Channels, stored);
            Tensor y = ranks is null
                ? nn.functional.batch_norm(x, mean, variance, w, b, training: true, Momentum, Epsilon)
                : RankedBatchNorm.Of(x, w, b, new BatchNormOverRanks(ranks, mean, variance, Momentum, Epsilon));
            y.backward([atOutput.clone()]);
            return new Norm(y.detach(), x.grad!, w.grad!, b.grad!, mean, variance);
        }

        private sealed record Norm(Tensor Output, Tensor AtInput, Tensor AtWeight, Tensor AtBias, Tensor Mean, Tensor Variance);
    }
}
