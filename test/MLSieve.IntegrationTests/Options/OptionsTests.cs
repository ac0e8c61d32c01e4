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
