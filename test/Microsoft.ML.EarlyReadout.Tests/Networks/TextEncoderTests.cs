using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Against BERT and DistilBERT as test/golden/text_encoder.py writes them down.</summary>
public sealed class TextEncoderTests : IDisposable
{
    private const int Classes = 3;
    private static readonly TokenShape _shape = FeatureShape.Tokens(9, vocabulary: 40, separator: 3);
    private readonly SafetensorsFile _golden = SafetensorsFile.Open(Golden.Path("text_encoder.safetensors"));
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    [Theory]
    [InlineData(NetworkKind.Bert, TokenPooling.Mean)]
    [InlineData(NetworkKind.Bert, TokenPooling.First)]
    [InlineData(NetworkKind.DistilBert, TokenPooling.Mean)]
    [InlineData(NetworkKind.DistilBert, TokenPooling.First)]
    [InlineData(NetworkKind.Automatic, TokenPooling.Mean)]
    public void Hugging_Faces_weights_give_the_references_layers_and_logits(NetworkKind kind, TokenPooling pooling)
    {
        using IDisposable noGrad = no_grad();
        string folder = kind == NetworkKind.DistilBert ? "distilbert" : "bert";
        using StagedNetwork network = Load(kind, pooling);
        network.eval();
        Tensor ids = _golden.Read("data/ids").to(ScalarType.Int32);
        for (int stage = 0; stage <= network.Stages.Count; stage++)
            Close(_golden.Read($"{folder}/stage{stage}"), network.ForwardTo(stage, ids));
        Tensor logits = _golden.Read($"{folder}/{(pooling == TokenPooling.Mean ? "mean" : "first")}");
        Close(logits, network.call(ids));

        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        GraphParity.Verify(network, session, ids, tolerance: 1e-5);
    }

    [Fact]
    public void Twenty_five_steps_of_AdamW_end_where_the_reference_ends()
    {
        using StagedNetwork network = Load(NetworkKind.Bert, TokenPooling.Mean);
        Tensor steps = _golden.Read("data/steps").to(ScalarType.Int32), labels = _golden.Read("data/labels"),
            losses = _golden.Read("final/losses");
        using var optimizer = new AdamWOptimizer([.. network.named_parameters()], epsilon: 1e-4, weightDecay: 0.01);
        using var meters = new LossMeters(CPU, RankGroup.Single);
        network.train();
        for (int step = 0; step < 25; step++)
        {
            using var each = NewDisposeScope();
            double rate = 2e-3 * (step < 5 ? (step + 1) / 5.0 : 1 - (step - 5) / 20.0);
            Tensor loss = nn.functional.cross_entropy(network.call(steps[step]), labels[step]);
            GoldenWeights.AssertNear(losses[step].item<float>(), loss.item<float>(), $"loss of step {step}");
            optimizer.Minimize(loss, rate, clipNorm: 1, new StepContext(step, 1, meters));
        }

        GoldenWeights.AssertEqual(network, _golden, "final/");
    }

    [Theory]
    [InlineData("Bert")]
    [InlineData("DistilBert")]
    public void Padding_is_all_zeros_in_every_tap_and_changes_no_logit(string name)
    {
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = NetworkCases.Create(name);
        foreach (bool training in new[] { false, true })
        {
            network.train(training);
            Tensor rows = NetworkCases.Rows(network.Shape, 6);
            for (int stage = 0; stage <= network.Stages.Count; stage++)
                Assert.True(TokenMask.Of(network.ForwardTo(stage, rows)).equal(rows.ne(Scalars.Zero)).all().item<bool>());
        }

        network.eval();
        Tensor shortRows = tensor(new[] { 2, 7, 8, 3, 2, 9, 3, 0 }, [2, 4]);
        Tensor longRows = nn.functional.pad(shortRows, [0, 5]);
        Assert.True(allclose(network.call(shortRows), network.call(longRows), rtol: 1e-5, atol: 1e-6));
    }

    [Fact]
    public void A_network_of_ones_own_that_fills_padding_is_refused_with_the_stage()
    {
        string message = Assert.Throws<ArgumentException>(() => Create(new NetworkOptions { Custom = (shape, classes) =>
            new Leaking((TokenShape)shape, classes) })).Message;
        Assert.Equal("The network 'Leaking' of Network.Custom must put out zeros for padding, and for nothing else, in every stage: the "
            + "stage 'shifted' does not. Multiply what its last layer computes by 1 where a token is and by 0 where there is none.",
            message);
    }

    [Fact]
    public void Bfloat16_trains_near_float32_and_keeps_taps_gradients_and_scoring_in_float32()
    {
        using StagedNetwork network = NetworkCases.Create("DistilBert"); // without dropout
        Tensor rows = NetworkCases.Rows(network.Shape, 16), exact = network.call(rows).detach();
        network.SetPrecision(Precision.BFloat16);
        Tensor rough = network.call(rows);
        Assert.False(rough.equal(exact).all().item<bool>());
        Assert.True(rough.detach().sub(exact).abs().max().item<float>() < 0.1f * exact.abs().max().item<float>());
        Assert.Equal(ScalarType.Float32, network.ForwardTo(1, rows).dtype);
        rough.sum().backward();
        Assert.All(network.parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.grad!.dtype));
        network.eval();
        Assert.True(allclose(network.call(rows), exact, rtol: 1e-5, atol: 1e-6));
    }

    [Fact]
    public void Dropout_draws_from_the_given_generator_and_leaves_the_global_one_alone()
    {
        using StagedNetwork network = NetworkCases.Create("Bert");
        Tensor before = Generator.Default.get_state(), rows = NetworkCases.Rows(network.Shape, 3);
        Tensor one = Drawn(1), same = Drawn(1), other = Drawn(2);
        Assert.True(one.equal(same).all().item<bool>());
        Assert.False(one.equal(other).all().item<bool>());
        Assert.True(before.equal(Generator.Default.get_state()).all().item<bool>());

        Tensor Drawn(ulong seed)
        {
            using var generator = new Generator(seed);
            network.SetDropoutGenerator(generator);
            return network.call(rows).detach();
        }
    }

    [Fact]
    public void Weights_of_another_architecture_are_refused_by_its_name()
    {
        Assert.Contains("are those of RoBERTa; only those of BERT and DistilBERT are read", Refused(
            NetworkKind.Bert, ("roberta.embeddings.word_embeddings.weight", [9, 4])), StringComparison.Ordinal);
        Assert.Contains("are those of RoBERTa", Refused(NetworkKind.Automatic,
            ("embeddings.word_embeddings.weight", [9, 4]), ("embeddings.token_type_embeddings.weight", [1, 4])), StringComparison.Ordinal);
        Assert.Contains("are those of MPNet or T5", Refused(NetworkKind.DistilBert,
            ("encoder.relative_attention_bias.weight", [9, 4])), StringComparison.Ordinal);
        Assert.Contains("no tensor is named 'embeddings.word_embeddings.weight'", Refused(NetworkKind.Bert,
            ("conv1.weight", [9, 4])), StringComparison.Ordinal);
        Assert.Contains("'encoder.layer.0.intermediate.dense.weight' is missing or is no matrix", Refused(NetworkKind.Bert,
            ("embeddings.word_embeddings.weight", [9, 4]), ("embeddings.token_type_embeddings.weight", [2, 4]),
            ("encoder.layer.0.output.dense.bias", [4])), StringComparison.Ordinal);
        Assert.Contains("has no layers", Refused(NetworkKind.Bert,
            ("embeddings.word_embeddings.weight", [9, 4]), ("embeddings.token_type_embeddings.weight", [2, 4])), StringComparison.Ordinal);
        Assert.Contains("set Network.Kind to Bert", Refused(NetworkKind.DistilBert,
            ("bert.embeddings.word_embeddings.weight", [9, 4]), ("bert.embeddings.token_type_embeddings.weight", [2, 4])),
            StringComparison.Ordinal);
        Assert.Contains("has several encoders: 'a.embeddings.word_embeddings.weight', 'b.embeddings", Refused(NetworkKind.Automatic,
            ("a.embeddings.word_embeddings.weight", [9, 4]), ("b.embeddings.word_embeddings.weight", [9, 4])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NetworkKind.DistilBert)]
    [InlineData(NetworkKind.Automatic)]
    public void A_DistilBERT_that_this_library_saved_is_known_as_one(NetworkKind kind)
    {
        using StagedNetwork saved = Create(
            new NetworkOptions { Kind = NetworkKind.DistilBert, Encoder = { Layers = 2, Width = 16, Heads = 2 } });
        using StagedNetwork network = FromFile(saved.state_dict(), path =>
            Create(new NetworkOptions { Kind = kind, WeightsPath = path, Encoder = { Heads = 2 } }));
        Assert.Equal("DistilBERT", network.GetName());
        Assert.All(
            saved.parameters().Zip(network.parameters()), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
        string message = FromFile(saved.state_dict(), path => Assert.Throws<InvalidDataException>(
            () => Create(new NetworkOptions { Kind = NetworkKind.Bert, WeightsPath = path })).Message);
        Assert.EndsWith("' are those of DistilBERT; set Network.Kind to DistilBert.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALBERT", "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight")]
    [InlineData("ALBERT", "encoder.albert_layer_groups.0.albert_layers.0.ffn.weight")]
    [InlineData("ELECTRA", "electra.encoder.layer.0.attention.self.query.weight")]
    [InlineData("DeBERTa", "deberta.encoder.layer.0.attention.self.query_proj.weight")]
    [InlineData("DeBERTa", "encoder.rel_embeddings.weight")]
    public void Weights_of_ALBERT_ELECTRA_and_DeBERTa_are_refused_by_name_whatever_kind_is_asked_for(string architecture, string tensor)
    {
        foreach (NetworkKind kind in new[] { NetworkKind.Automatic, NetworkKind.Bert, NetworkKind.DistilBert })
        {
            string message = Refused(
                kind, (tensor, [4, 4]), ("embeddings.word_embeddings.weight", [9, 4]), ("embeddings.token_type_embeddings.weight", [2, 4]));
            Assert.Contains(
                $"are those of {architecture}; only those of BERT and DistilBERT are read. Give such a model, for instance "
                    + "bert-base-uncased or distilbert-base-uncased.", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(NetworkKind.Bert, "cls.predictions.transform.dense.weight")]
    [InlineData(NetworkKind.Bert, "cls.seq_relationship.bias")]
    [InlineData(NetworkKind.Bert, "bert.pooler.dense.weight")]
    [InlineData(NetworkKind.Bert, "bert.embeddings.position_ids")]
    [InlineData(NetworkKind.DistilBert, "vocab_transform.weight")]
    [InlineData(NetworkKind.DistilBert, "vocab_layer_norm.bias")]
    [InlineData(NetworkKind.DistilBert, "vocab_projector.bias")]
    [InlineData(NetworkKind.DistilBert, "pre_classifier.weight")]
    [InlineData(NetworkKind.DistilBert, "distilbert.embeddings.position_ids")]
    public void What_belongs_to_other_tasks_is_left_out_of_the_weights(NetworkKind kind, string name)
    {
        using IDisposable noGrad = no_grad();
        using StagedNetwork plain = Load(kind, TokenPooling.Mean);
        using StagedNetwork network = Load(kind, TokenPooling.Mean, besides: name);
        Tensor ids = _golden.Read("data/ids").to(ScalarType.Int32);
        plain.eval();
        network.eval();
        Assert.True(plain.ForwardToEmbedding(ids).equal(network.ForwardToEmbedding(ids)).all().item<bool>());
        if (name.Contains("pooler", StringComparison.Ordinal) || name.StartsWith("pre_", StringComparison.Ordinal)) return; // below
        Assert.True(plain.call(ids).equal(network.call(ids)).all().item<bool>());
    }

    [Theory]
    [InlineData(NetworkKind.Bert, "bert.encoder.layer.0.attention.pooler.weight")]
    [InlineData(NetworkKind.Bert, "bert.embeddings.position_ids.weight")]
    [InlineData(NetworkKind.DistilBert, "distilbert.transformer.vocab_projector.bias")]
    [InlineData(NetworkKind.DistilBert, "projector.weight")]
    public void Any_other_tensor_that_the_encoder_does_not_have_is_refused(NetworkKind kind, string name)
    {
        Assert.Contains("found and not expected: '", Assert.Throws<InvalidDataException>(
            () => Load(kind, TokenPooling.Mean, besides: name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_or_a_length_that_the_weights_do_not_have_is_refused()
    {
        string other = Assert.Throws<ArgumentException>(
            () => Load(NetworkKind.Bert, TokenPooling.Mean, FeatureShape.Tokens(9, 41, 3))).Message;
        Assert.Equal(
            "The vocabulary has 41 tokens, and the weights of BERT have embeddings of 40. Give the vocabulary that the weights were "
            + "trained with (Network.VocabularyPath).", other);
        string longer = Assert.Throws<ArgumentException>(
            () => Load(NetworkKind.Bert, TokenPooling.Mean, FeatureShape.Tokens(13, 40, 3))).Message;
        Assert.Equal("Network.MaxTokens is 13, and BERT has 12 positions; give at most so many.", longer);
    }

    [Fact]
    public void A_text_encoder_on_vectors_and_heads_that_do_not_divide_the_width_are_refused()
    {
        Assert.Equal("BERT needs texts, and the feature column holds vectors of 7 numbers. Name a text column, or choose another network.",
            Assert.Throws<ArgumentException>(
                () => Create(new NetworkOptions { Kind = NetworkKind.Bert }, FeatureShape.Vector(7))).Message);
        Assert.StartsWith("Network.Encoder.Heads is 3, and Network.Encoder.Width 128, which so many heads cannot share; give a divisor.",
            Assert.Throws<ArgumentException>(() => Create(new NetworkOptions { Encoder = { Heads = 3 } })).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "5 heads of attention cannot share the 24 numbers that the encoder has for each token; set Network.Encoder.Heads to a divisor.",
            Assert.Throws<ArgumentException>(() => Load(NetworkKind.Bert, TokenPooling.Mean, heads: 5)).Message);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(32, 1)]
    [InlineData(128, 2)]
    [InlineData(200, 2)] // and not 3
    [InlineData(384, 12)] // MiniLM's
    [InlineData(768, 12)]
    [InlineData(833, 7)] // and not 13
    public void Where_nothing_says_how_many_heads_there_are_they_divide_the_width(int width, int heads)
    {
        using var network = (TextEncoder)Create(new NetworkOptions { Encoder = { Layers = 1, Width = width, FeedForwardWidth = 2 } });
        Assert.Equal(heads, network.Heads);
    }

    [Theory]
    [InlineData("{\"num_attention_heads\": 12}", 12, null)]
    [InlineData("\uFEFF{\"num_attention_heads\": 12}", 12, null)] // a byte order mark, as some editors write it
    [InlineData("{\"n_heads\": 6}", 6, null)]
    [InlineData("{\"dim\": 312}", 4, "config.json' names none: 4 heads are taken for 312 numbers. ")]
    [InlineData("{\"num_attention_heads\": 12", 4, "config.json' cannot be read (")]
    public void The_heads_are_those_of_config_json_and_the_log_says_why_they_are_not(string config, int heads, string? why)
    {
        using var saved = new SavedEncoder(config);
        var log = new List<string>();
        using var network = (TextEncoder)Create(saved.Options, log: log.Add);
        Assert.Equal(heads, network.Heads);
        string[] lines = [.. log.Where(line => line.StartsWith("Weights do not tell the heads", StringComparison.Ordinal))];
        if (why is null) Assert.Empty(lines);
        else
            Assert.StartsWith(
                $"Weights do not tell the heads of attention, and '{Path.Combine(saved.Folder, why)}", Assert.Single(lines),
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_json_that_the_file_system_does_not_give_stops_the_fit_before_heads_are_guessed()
    {
        using var saved = new SavedEncoder("{\"n_heads\": 12}");
        // Open for one alone, so that root cannot read it either.
        using var held = new FileStream(saved.Config, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.StartsWith(
            $"Cannot read '{saved.Config}', which tells the heads of attention of the weights: ",
            Assert.Throws<IOException>(() => Create(saved.Options)).Message, StringComparison.Ordinal);
        saved.Options.Encoder.Heads = 12; // who names them needs no file
        Create(saved.Options).Dispose();
    }

    [Fact]
    public void Of_weights_the_width_of_the_options_counts_for_nothing()
    {
        using var network = (TextEncoder)Load(NetworkKind.Bert, TokenPooling.Mean); // 3 heads, which 128 is no multiple of
        Assert.Equal(3, network.Heads);
    }

    [Theory]
    [InlineData(NetworkKind.Bert, "bert.pooler.dense.weight")]
    [InlineData(NetworkKind.DistilBert, "pre_classifier.weight")]
    public void A_classifier_that_reads_a_pooler_starts_fresh_and_the_log_says_so(NetworkKind kind, string pooler)
    {
        using IDisposable noGrad = no_grad();
        var log = new List<string>();
        using StagedNetwork network = Load(kind, TokenPooling.Mean, besides: pooler, log: log.Add);
        Assert.Single(log, line => line.StartsWith("The classifier ('classifier') of '", StringComparison.Ordinal)
            && line.EndsWith($"' reads layers that are left out ('{pooler}'): it starts with fresh weights.", StringComparison.Ordinal));
        string folder = kind == NetworkKind.DistilBert ? "distilbert/" : "bert/";
        Tensor classifier = network.named_parameters().Single(entry => entry.name == "classifier.weight").parameter;
        Assert.False(classifier.equal(_golden.Read(folder + "classifier.weight")).any().item<bool>());
        Assert.True(classifier.abs().max().item<float>() > 0);
    }

    [Fact]
    public void MiniLMs_weights_load_and_tell_sentences_apart_by_their_meaning()
    {
        using IDisposable noGrad = no_grad();
        var lines = new List<string>();
        var options = new NetworkOptions { WeightsPath = RealData.Path("minilm/minilm-l6-f16.safetensors") };
        using StagedNetwork network = Create(options, FeatureShape.Tokens(16, vocabulary: 30522, separator: 102), lines.Add);
        Assert.Equal(6, network.Stages.Count);
        Assert.Contains(lines, line => line.Contains("12 heads are taken for 384 numbers", StringComparison.Ordinal));
        network.eval();
        // "a cat sits on the mat", "a kitten is on the rug", "the market fell today"
        Tensor ids = tensor(new[]
        {
            101, 1037, 4937, 7719, 2006, 1996, 13523, 102, 101, 1037, 18401, 2003, 2006, 1996, 20452, 102,
            101, 1996, 3006, 3062, 2651, 102, 0, 0,
        }, [3, 8]);
        Tensor vectors = nn.functional.normalize(network.ForwardToEmbedding(ids));
        float near = vectors[0].mul(vectors[1]).sum().item<float>(), far = vectors[0].mul(vectors[2]).sum().item<float>();
        Assert.True(near > 0.5 && far < 0.2, $"{near} and {far}");
    }

    private static StagedNetwork Create(NetworkOptions options, FeatureShape? shape = null, Action<string>? log = null) =>
        NetworkFactory.Create(options, shape ?? _shape, null, Classes, seed: 1, log ?? (_ => { }));

    /// <summary>Loads the reference's weights from a file of their own.</summary>
    private StagedNetwork Load(
        NetworkKind kind, TokenPooling pooling, FeatureShape? shape = null, string? besides = null, int heads = 3,
        Action<string>? log = null)
    {
        string folder = kind == NetworkKind.DistilBert ? "distilbert/" : "bert/";
        var tensors = _golden.Names
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal) && name.Contains('.', StringComparison.Ordinal))
            .ToDictionary(name => name[folder.Length..], _golden.Read);
        if (besides is not null) tensors.Add(besides, ones(7, 24));
        return FromFile(tensors, path => Create(new NetworkOptions
        {
            Kind = kind,
            WeightsPath = path,
            Encoder = { Heads = heads, Dropout = 0, Pooling = pooling },
        }, shape, log));
    }

    private static string Refused(NetworkKind kind, params (string Name, long[] Shape)[] tensors) =>
        FromFile(tensors.ToDictionary(each => each.Name, each => zeros(each.Shape)), path =>
            Assert.Throws<InvalidDataException>(() => Create(new NetworkOptions { Kind = kind, WeightsPath = path })).Message);

    private static T FromFile<T>(Dictionary<string, Tensor> tensors, Func<string, T> use)
    {
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid() + ".safetensors");
        SafetensorsFile.Write(path, tensors);
        try
        {
            return use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double distance = actual.sub(expected).abs().max().ToDouble() / expected.abs().max().ToDouble();
        Assert.True(distance < 1e-5, $"{distance:G3} away");
    }

    /// <summary>A folder with the weights of a small DistilBERT, which do not tell how many heads it has, and a config.json.</summary>
    private sealed class SavedEncoder : IDisposable
    {
        public SavedEncoder(string config)
        {
            string weights = Path.Combine(Folder, "model.safetensors");
            var sizes = new EncoderOptions { Layers = 1, Width = 312, Heads = 12, FeedForwardWidth = 2 };
            using StagedNetwork network = Create(new NetworkOptions { Kind = NetworkKind.DistilBert, Encoder = sizes });
            SafetensorsFile.Write(weights, network.state_dict());
            File.WriteAllText(Config, config);
            Options = new NetworkOptions { Kind = NetworkKind.DistilBert, WeightsPath = weights };
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("encoder-").FullName;

        public string Config => Path.Combine(Folder, "config.json");

        /// <summary>What reads the weights.</summary>
        public NetworkOptions Options { get; }

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Adds 1 to each number after the embeddings, padding's too.</summary>
    private sealed class Leaking : StagedNetwork
    {
        public Leaking(TokenShape shape, int classes) : base("Leaking", shape, classes)
        {
            SetStem(new TokenEmbeddings(shape.Vocabulary, 4, shape.Length, 0, shape.Separator, 0));
            AddStage("shifted", new Shift());
            SetHead("head", new TokenPool(TokenPooling.Mean), new Linear(4, classes));
        }
    }

    private sealed class Shift() : Layer("shift")
    {
        public override Tensor forward(Tensor input) => input.add(Scalars.One);

        public override string Export(OnnxGraph graph, string input) => graph.Node("Add", [input, graph.Constant("one", [1f])]);
    }
}
