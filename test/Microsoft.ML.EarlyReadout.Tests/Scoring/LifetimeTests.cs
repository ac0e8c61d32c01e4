using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>A model that is disposed beside its users ends in <see cref="ObjectDisposedException"/>, never in a crash: so each runs in a
/// process of its own.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void The_first_engine_that_is_disposed_takes_the_model_away_from_the_others_without_a_crash() =>
        OwnProcess.Run<Child>(nameof(Child.Engines));

    [Fact]
    public void Views_that_are_read_while_the_model_is_disposed_end_in_an_exception() => OwnProcess.Run<Child>(nameof(Child.Views));

    [Fact]
    public void Engines_that_do_not_own_the_model_come_and_go_beside_each_other() => OwnProcess.Run<Child>(nameof(Child.Guests));

    [Fact]
    public void The_memory_in_which_models_compute_goes_with_the_last_of_them() => OwnProcess.Run<Child>(nameof(Child.Arena));

    [Fact]
    public void A_disposed_model_says_which_option_keeps_an_engine_from_disposing_it()
    {
        var ml = new MLContext(seed: 1);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(ml, Example.Draw(10)));
        var guest = new PredictionEngineOptions { OwnsTransformer = false };
        PredictionEngine<Example, Prediction> other = ml.Model.CreatePredictionEngine<Example, Prediction>(model, guest);
        ml.Model.CreatePredictionEngine<Example, Prediction>(model).Dispose();
        var error = Assert.Throws<ObjectDisposedException>(() => other.Predict(Example.Draw(1)[0]));
        Assert.Contains("OwnsTransformer", error.Message, StringComparison.Ordinal);
        other.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ml.Model.CreatePredictionEngine<Example, Prediction>(model));
    }

    [Fact]
    public void A_view_that_is_read_after_its_model_was_disposed_says_that_it_is_scored_only_then()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = Example.View(ml, Example.Draw(10)), scored;
        using (EarlyReadoutTransformer model = new RandomClassifier().Fit(rows)) scored = model.Transform(rows);
        Assert.Contains(
            "What Transform returns is scored when it is read: dispose the model after that.",
            Assert.Throws<ObjectDisposedException>(() => TransformTests.Read(scored)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_model_scores_saves_and_writes_nothing_more()
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = Example.View(ml, Example.Draw(10));
        EarlyReadoutTransformer model = new RandomClassifier().Fit(rows);
        model.Dispose();
        string folder = Directory.CreateTempSubdirectory("disposed").FullName, path = Path.Combine(folder, "file");
        Action[] uses =
        [
            () => model.Transform(rows), () => ml.Model.Save(model, rows.Schema, Stream.Null), () => model.SaveAsOnnx(path),
            () => model.SaveAsOnnx(Stream.Null), () => model.SaveAsOnnx(path, fromTokens: true), () => model.SaveAsOnnx(path, [1]),
            () => model.SaveWeights(path), () => model.SaveModelCard(path),
        ];
        Assert.All(uses, use => Assert.Throws<ObjectDisposedException>(use));
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);
    }

    /// <summary>The tests that run in the other process.</summary>
    public sealed class Child
    {
        private const int Models = 60;
        private const int Threads = 6;
        private readonly MLContext _ml = new(seed: 1);
        private readonly Example[] _rows = Example.Draw(200);

        [Fact(Explicit = true)]
        public void Engines() => Race((model, expected) =>
        {
            // It owns the model, as by default.
            using PredictionEngine<Example, Prediction> engine = _ml.Model.CreatePredictionEngine<Example, Prediction>(model);
            for (int i = 0; i < _rows.Length; i++) TransformTests.AssertSameScores([expected[i]], [engine.Predict(_rows[i])]);
        });

        [Fact(Explicit = true)]
        public void Views() => Race((model, expected) =>
        {
            using EarlyReadoutTransformer owner = model;
            TransformTests.AssertSameScores(expected, TransformTests.Read(model.Transform(Example.View(_ml, _rows))), 0);
        });

        [Fact(Explicit = true)]
        public void Guests()
        {
            using EarlyReadoutTransformer model = Model(1);
            Prediction[] expected = Expected(model);
            var guest = new PredictionEngineOptions { OwnsTransformer = false };
            Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = Threads }, _ =>
            {
                using PredictionEngine<Example, Prediction> engine = _ml.Model.CreatePredictionEngine<Example, Prediction>(model, guest);
                for (int i = 0; i < 20; i++) TransformTests.AssertSameScores([expected[i]], [engine.Predict(_rows[i])]);
            });
        }

        [Fact(Explicit = true)]
        public void Arena()
        {
            EarlyReadoutTransformer first = Model(1), second = Model(2);
            Prediction[] expected = Expected(second);
            Expected(first);
            first.Dispose();
            TransformTests.AssertSameScores(expected, Expected(second), 0);
            second.Dispose();
            Assert.Throws<OnnxRuntimeException>(Unregister); // it is not there any more

            EarlyReadoutTransformer third = Model(2);
            TransformTests.AssertSameScores(expected, Expected(third), 0);
            third.Dispose();
            Forget();
            for (int i = 0; i < 2; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            Assert.Throws<OnnxRuntimeException>(Unregister);

            static void Unregister() => OrtEnv.Instance().UnregisterAllocator(SharedArena.Memory);

            // A frame of its own, so that nothing on the stack keeps the model alive.
            [MethodImpl(MethodImplOptions.NoInlining)]
            void Forget() => Expected(Model(3));
        }

        // Each thread uses the model and disposes it: one is first, and the others then see the exception, or were done.
        private void Race(Action<EarlyReadoutTransformer, Prediction[]> use)
        {
            int done = 0, stopped = 0;
            var failures = new ConcurrentBag<Exception>();
            for (int seed = 0; seed < Models; seed++)
            {
                EarlyReadoutTransformer model = Model(seed);
                Prediction[] expected = Expected(model);
                Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
                {
                    try
                    {
                        use(model, expected);
                        Interlocked.Increment(ref done);
                    }
                    catch (ObjectDisposedException)
                    {
                        Interlocked.Increment(ref stopped);
                    }
                    catch (Exception failure)
                    {
                        failures.Add(failure);
                    }
                }))];
                foreach (Thread thread in threads) thread.Start();
                foreach (Thread thread in threads) thread.Join();
            }

            Assert.Empty(failures);
            Assert.Equal(Models * Threads, done + stopped);
            Assert.True(stopped > Models / 2, $"Only {stopped} of {Models * Threads} threads met a disposed model: this is no test of it.");
        }

        private EarlyReadoutTransformer Model(int seed) => new RandomClassifier { Seed = seed }.Fit(Example.View(_ml, _rows));

        private Prediction[] Expected(EarlyReadoutTransformer model) => TransformTests.Read(model.Transform(Example.View(_ml, _rows)));
    }
}
