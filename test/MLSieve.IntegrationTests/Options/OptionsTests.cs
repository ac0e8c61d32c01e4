using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>What holds for the options of every trainer, whatever they are.</summary>
public sealed class OptionsTests
{
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>What may change between two parts of a training, besides where files lie: in the order of <see cref="Differing"/>.
    /// </summary>
    internal static readonly string[] MayChange =
    [
        "CheckpointDirectory", "CheckpointEveryMinutes", "CheckpointEverySteps", "CheckpointsKept", "Device", "Distribution",
        "MemoryBudgetMebibytes", "OnCancellation", "Precision", "Seed", // of the last two an entry says what they came to
    ];

    public static TheoryData<string> Trainers => ["FeatureSieveTrainer", "EarlyReadoutEstimator", "DebiasedDistillationTrainer"];

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Every_default_is_the_approved_one(string trainer) =>
        Approved(trainer + ".defaults.json", JsonSerializer.Serialize(Create(trainer), Form));

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Every_option_out_of_its_range_is_named_in_one_exception_with_all_others(string trainer)
    {
        object options = Create(trainer);
        List<string> spoilt = [];
        Spoil(options, "", spoilt);
        string message = Assert.Throws<ArgumentException>(() => Make(options)).Message;
        Assert.All(spoilt, name => Assert.Contains($"- {name} ", message, StringComparison.Ordinal));
        Approved(trainer + ".faults.txt", message);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void An_option_that_is_null_is_named(string trainer)
    {
        foreach ((PropertyInfo property, Type type) in Properties(Create(trainer))
            .Where(option => IsNested(option.Type) || option.Type == typeof(EarlyReadoutEstimator.Tap[])))
        {
            object options = Create(trainer);
            property.SetValue(options, null);
            Assert.Contains(
                $"- {property.Name} is null", Assert.Throws<ArgumentException>(() => Make(options)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void A_trial_and_a_search_name_an_option_that_is_null_with_all_other_faults(string trainer)
    {
        foreach ((PropertyInfo property, Type _) in Properties(Create(trainer))
            .Where(option => IsNested(option.Type) || option.Type == typeof(EarlyReadoutEstimator.Tap[])))
        {
            var options = (TrainerOptions)Create(trainer);
            property.SetValue(options, null);
            options.BatchSize = 0;
            AssertFaults(
                () => options.Trial(new MLContext(), (TrainerOptions)Create(trainer)), "BatchSize is 0; it", $"{property.Name} is");
            AssertFaults(
                () => Search(options), "Trials is 0; it", "Trainer: BatchSize is 0; it", $"Trainer: {property.Name} is",
                $"KnownSettings[0]: {property.Name} is");
        }

        static void AssertFaults(Action make, params string[] faults)
        {
            string message = Assert.Throws<ArgumentException>(make).Message;
            Assert.All(faults, fault => Assert.Contains($"- {fault} ", message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Each_tap_is_looked_at_beside_others_that_are_null()
    {
        var options = new EarlyReadoutEstimator.Options { Taps = [null!, new() { Stage = -7 }, null!, new() { Stage = -7 }] };
        Assert.Equal(
            """
            EarlyReadoutEstimator.Options has 5 faults:
            - Taps[0] is null; leave it at its default instead.
            - Taps[1].Stage is -7; it must be at least 0.
            - Taps[2] is null; leave it at its default instead.
            - Taps[3].Stage is -7; it must be at least 0.
            - Two of Taps are named 'Readout-7'; give each a Name of its own.
            """,
            Assert.Throws<ArgumentException>(() => Make(options)).Message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void An_option_that_nothing_would_read_says_what_it_needs()
    {
        IDataView rows = BiasedRow.View(new MLContext(seed: 1), 4);
        AssertFault(
            new EarlyReadoutEstimator.Options { Objective = { DeepFeatureReweighting = { ReweightingSet = rows } } },
            "Objective.DeepFeatureReweighting.ReweightingSet is given, which needs Objective.Kind to be DeepFeatureReweighting; it is "
                + "EmpiricalRisk.");
        AssertFault(
            new EarlyReadoutEstimator.Options { ReadoutEpochs = 2 },
            "ReadoutEpochs is given, which needs ReadoutTiming to be Afterwards or TrainedPart to be None: readouts that are trained with "
                + "the network have its epochs.");
        Make(new EarlyReadoutEstimator.Options { ReadoutEpochs = 2, ReadoutTiming = ReadoutTiming.Afterwards });
        foreach (DistillationMethod method in new[] { DistillationMethod.Debiased, DistillationMethod.Plain })
            AssertFault(
                new DebiasedDistillationTrainer.Options { Method = method, Teacher = { FeatureColumnName = "Embedding" } },
                $"Teacher.FeatureColumnName is given, which needs Method to be SimKD or DeTT; it is {method}.");
        AssertFault(
            new FeatureSieveTrainer.Options { CheckpointEverySteps = 5 },
            "CheckpointEverySteps is given, which needs CheckpointDirectory.");
        Make(new FeatureSieveTrainer.Options { CheckpointEverySteps = 5, CheckpointDirectory = "checkpoints" });
    }

    [Fact]
    public void Options_for_images_and_a_column_of_texts_are_faults_before_a_row_is_read()
    {
        var options = new FeatureSieveTrainer.Options
        {
            TextColumnName = "Text",
            Network = { Input = { ValueRange = ValueRange.ZeroToOne, ChannelOrder = ChannelOrder.Bgr } },
        };
        Assert.Equal(
            """
            FeatureSieveTrainer.Options has 2 faults:
            - Network.Input.ValueRange is ZeroToOne, which is for images; TextColumnName names texts. Leave it out.
            - Network.Input.ChannelOrder is Bgr, which is for images; TextColumnName names texts. Leave it out.
            """,
            Assert.Throws<ArgumentException>(() => Make(options)).Message,
            ignoreLineEndingDifferences: true);
        options.TextColumnName = null;
        Make(options);
    }

    [Fact]
    public void The_label_is_no_group()
    {
        const string fault = "GroupColumnName is 'Income', the label, which is part of every group already.";
        AssertFault(new FeatureSieveTrainer.Options { LabelColumnName = "Income", GroupColumnName = "Income" }, fault);
        var search = new PlainSearchOptions { Trainer = { LabelColumnName = "Income" }, GroupColumnName = "Income" };
        Assert.EndsWith(
            $" has 1 fault:{Environment.NewLine}- Trainer: {fault}",
            Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.SearchEarlyReadout(search)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Json_keeps_every_option(string trainer)
    {
        object options = Create(trainer);
        Change(options);
        string json = JsonSerializer.Serialize(options, options.GetType());
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, options.GetType()), options.GetType()));
        Assert.NotEqual(JsonSerializer.Serialize(Create(trainer), options.GetType()), json);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Json_that_gives_part_of_a_nested_object_leaves_the_rest_at_its_defaults(string trainer)
    {
        string defaults = JsonSerializer.Serialize(Create(trainer), Form);
        List<string> nested = [];
        Visit(JsonNode.Parse(defaults)!.AsObject(), "");
        Assert.Contains("Network.Input", nested);
        AssertPopulated(Create(trainer).GetType());

        // Also where a nested object's defaults happen to be those of its class, today.
        static void AssertPopulated(Type owner)
        {
            Type[] inner = [.. Properties(owner).Select(property => property.Type).Where(IsNested)];
            if (inner.Length > 0)
                Assert.Equal(
                    JsonObjectCreationHandling.Populate, owner.GetCustomAttribute<JsonObjectCreationHandlingAttribute>()?.Handling);
            foreach (Type type in inner) AssertPopulated(type);
        }

        void Visit(JsonObject parent, string prefix)
        {
            foreach ((string name, JsonNode? value) in parent)
            {
                if (value is not JsonObject child) continue;
                nested.Add(prefix + name);
                // Each of its options alone, and none of them.
                foreach (JsonObject part in child.Select(each => new JsonObject { [each.Key] = each.Value?.DeepClone() }).Append([]))
                {
                    JsonNode json = (prefix + name).Split('.')
                        .Reverse()
                        .Aggregate((JsonNode)part, (inner, outer) => new JsonObject { [outer] = inner });
                    Assert.Equal(defaults, JsonSerializer.Serialize(json.Deserialize(Create(trainer).GetType(), Form), Form));
                }
                Visit(child, $"{prefix}{name}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Json_has_the_names_of_choices_and_reads_their_numbers_too(string trainer)
    {
        Type options = Create(trainer).GetType();
        List<Type> seen = [];
        Visit(options, "");
        Assert.Contains(typeof(OptimizerKind), seen);

        void Visit(Type type, string prefix)
        {
            foreach ((PropertyInfo property, Type inner) in Properties(type))
            {
                if (IsNested(inner)) Visit(inner, $"{prefix}{property.Name}.");
                if (!inner.IsEnum) continue;
                seen.Add(inner);
                object last = Enum.GetValues(inner).GetValue(Enum.GetValues(inner).Length - 1)!;
                string byName = Json((prefix + property.Name).Split('.'), JsonValue.Create(last.ToString())!);
                string byNumber = Json(
                    (prefix + property.Name).Split('.'), JsonValue.Create(Convert.ToInt32(last, CultureInfo.InvariantCulture)));
                string written = JsonSerializer.Serialize(JsonSerializer.Deserialize(byNumber, options), options);
                Assert.Equal(JsonSerializer.Serialize(JsonSerializer.Deserialize(byName, options), options), written);
                Assert.Contains($"\"{property.Name}\":\"{last}\"", written, StringComparison.Ordinal);
            }
        }

        static string Json(string[] path, JsonNode value) =>
            path.Reverse().Aggregate(value, (inner, outer) => new JsonObject { [outer] = inner }).ToJsonString();
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Every_option_makes_a_training_another_one_but_those_that_may_change_within_it(string trainer)
    {
        TrainerOptions before = (TrainerOptions)Create(trainer), after = (TrainerOptions)Create(trainer);
        Change(after);
        string[] paths = ["Network.VocabularyPath", "Network.WeightsPath"];
        if (trainer == "DebiasedDistillationTrainer") paths = [.. paths, "Teacher.OnnxPath"];
        var ml = new MLContext(seed: 1);
        ml.MulticlassClassification.Trainers.FeatureSieve().Inspect(BiasedRow.View(ml, 20), (session, _) =>
        {
            IEnumerable<string> changed = Differing(OptionValues.Of(before), OptionValues.Of(after));
            Assert.Equal(
                MayChange.Concat(paths).Order(StringComparer.Ordinal),
                changed.Except(Differing(Identity(before), Identity(after))));

            SortedDictionary<string, string> Identity(TrainerOptions options) => TrainingIdentity.Of(
                trainer, options, precision: null, seed: 1, session.Network, session.Training.Set, validation: null, session.Cancellation);
        });
    }

    [Fact]
    public void Every_public_choice_is_written_by_its_name()
    {
        Type[] choices =
        [
            .. new[] { typeof(EarlyReadoutEstimator), typeof(FeatureSieveTrainer) }.SelectMany(type => type.Assembly.ExportedTypes)
                .Where(type => type.IsEnum),
        ];
        Assert.Contains(typeof(Grouping), choices);
        Assert.All(
            choices.SelectMany(choice => Enum.GetValues(choice).Cast<object>()),
            value => Assert.Equal($"\"{value}\"", JsonSerializer.Serialize(value, value.GetType())));
    }

    private static object Create(string trainer) => trainer switch
    {
        "FeatureSieveTrainer" => new FeatureSieveTrainer.Options(),
        "EarlyReadoutEstimator" => new EarlyReadoutEstimator.Options(),
        _ => new DebiasedDistillationTrainer.Options(),
    };

    private static object Make(object options) => ((TrainerOptions)options).Estimator(new MLContext());

    /// <summary>A search without trials of options that are its trainer's and known settings too.</summary>
    private static object Search(TrainerOptions options)
    {
        MulticlassClassificationCatalog catalog = new MLContext().MulticlassClassification;
        return options switch
        {
            FeatureSieveTrainer.Options sieve =>
                catalog.SearchFeatureSieve(new SieveSearchOptions { Trainer = sieve, KnownSettings = [sieve], Trials = 0 }),
            DebiasedDistillationTrainer.Options distillation => catalog.SearchDebiasedDistillation(
                new DistillationSearchOptions { Trainer = distillation, KnownSettings = [distillation], Trials = 0 }),
            _ => catalog.SearchEarlyReadout(new PlainSearchOptions
            {
                Trainer = (EarlyReadoutEstimator.Options)options, KnownSettings = [(EarlyReadoutEstimator.Options)options], Trials = 0,
            }),
        };
    }

    private static void AssertFault(TrainerOptions options, string fault) => Assert.EndsWith(
        $" has 1 fault:{Environment.NewLine}- {fault}", Assert.Throws<ArgumentException>(() => Make(options)).Message,
        StringComparison.Ordinal);

    /// <summary>Gives every option a value that no one can mean.</summary>
    private static void Spoil(object options, string prefix, List<string> spoilt)
    {
        foreach ((PropertyInfo property, Type type) in Properties(options))
        {
            if (property.Name == nameof(TrainerOptions.Seed)) continue; // any number is one
            object? bad = type switch
            {
                _ when type == typeof(int) => -7,
                _ when type == typeof(double) => double.NaN,
                _ when type == typeof(string) => " ",
                _ when type == typeof(int[]) => new[] { 0 },
                _ when type == typeof(double[]) => new[] { double.NaN },
                _ when type == typeof(float[]) => new[] { float.NaN },
                _ when type.IsEnum => Enum.ToObject(type, 99),
                _ => null,
            };
            if (bad is not null)
            {
                property.SetValue(options, bad);
                spoilt.Add(prefix + property.Name);
            }
            else if (type == typeof(EarlyReadoutEstimator.Tap[]))
                Spoil(((EarlyReadoutEstimator.Tap[])property.GetValue(options)!)[0], $"{prefix}{property.Name}[0].", spoilt);
            else if (IsNested(type)) Spoil(property.GetValue(options)!, $"{prefix}{property.Name}.", spoilt);
        }
    }

    /// <summary>Gives every option a value other than its default.</summary>
    internal static void Change(object options)
    {
        foreach ((PropertyInfo property, Type type) in Properties(options))
        {
            object? value = property.GetValue(options);
            object? other = type switch
            {
                _ when type == typeof(int) => ((int?)value ?? 0) + 1,
                _ when type == typeof(double) => ((double?)value ?? 0) + 0.125,
                _ when type == typeof(bool) => !(bool)value!,
                _ when type == typeof(string) => value + "é",
                _ when type == typeof(int[]) => new[] { 3, 5 },
                _ when type == typeof(double[]) => new[] { 0.25 },
                _ when type == typeof(float[]) => new[] { 0.5f },
                _ when type.IsEnum => Enum.GetValues(type).Cast<object>().First(each => !each.Equals(value)),
                _ => null,
            };
            if (other is not null) property.SetValue(options, other);
            else if (type == typeof(EarlyReadoutEstimator.Tap[]))
                property.SetValue(
                    options, new EarlyReadoutEstimator.Tap[] { new() { Stage = 2, Name = "R" }, new() { ClassBalanced = true } });
            else if (IsNested(type)) Change(value!);
        }
    }

    private static IEnumerable<(PropertyInfo Property, Type Type)> Properties(object options) => Properties(options.GetType());

    private static IEnumerable<(PropertyInfo Property, Type Type)> Properties(Type options) =>
        from property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetCustomAttribute<JsonIgnoreAttribute>() is null
        orderby property.MetadataToken
        select (property, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);

    /// <summary>The names whose values differ, or that only one of the two has.</summary>
    internal static IEnumerable<string> Differing(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Keys.Union(other.Keys)
            .Where(name => one.GetValueOrDefault(name) != other.GetValueOrDefault(name))
            .Order(StringComparer.Ordinal);

    internal static bool IsNested(Type type) =>
        type.IsClass && !type.IsArray && type.Namespace?.StartsWith("Microsoft.ML.", StringComparison.Ordinal) == true;

    private static void Approved(string name, string text, [CallerFilePath] string source = "")
    {
        text = text.ReplaceLineEndings("\n") + "\n";
        string approved = Path.Combine(Path.GetDirectoryName(source)!, name);
        string received = Path.Combine(AppContext.BaseDirectory, name + ".received");
        File.WriteAllText(received, text);
        Assert.True(
            File.Exists(approved) && File.ReadAllText(approved) == text,
            $"{approved} differs. If that is meant, copy {received} over it in the same commit.\n{text}");
    }
}
