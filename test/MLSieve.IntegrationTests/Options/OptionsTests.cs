using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.SearchSpace;

namespace MLSieve.Tests;

/// <summary>What holds for the options of every trainer, whatever they are.</summary>
public sealed class OptionsTests
{
    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter() } };

    public static TheoryData<string> Trainers => ["FeatureSieveTrainer", "EarlyReadoutEstimator", "DebiasedDistillationTrainer"];

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Every_default_is_the_approved_one(string trainer) => Approved(trainer + ".defaults.json", JsonSerializer.Serialize(Create(trainer), Form));

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
        foreach ((PropertyInfo property, Type type) in Properties(Create(trainer)).Where(option => IsNested(option.Type) || option.Type == typeof(EarlyReadoutEstimator.Tap[])))
        {
            object options = Create(trainer);
            property.SetValue(options, null);
            Assert.Contains($"- {property.Name} is null", Assert.Throws<ArgumentException>(() => Make(options)).Message, StringComparison.Ordinal);
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
    [InlineData("FeatureSieveTrainer", "ForgetEvery", "ForgetLearningRate", "ReadoutLearningRate")]
    [InlineData("EarlyReadoutEstimator", "ReadoutLearningRate")]
    [InlineData("DebiasedDistillationTrainer", "Lambda", "Temperature", "Alpha", "Beta", "ReadoutLearningRate")]
    public void A_sweep_varies_what_matters_and_its_outermost_points_are_valid(string trainer, params string[] names)
    {
        foreach (bool highest in new[] { false, true })
        {
            object options = Create(trainer);
            List<string> swept = [];
            Sweep(options, "", highest, swept);
            Assert.All(names.Append("Optimizer.LearningRate"), name => Assert.Contains(name, swept));
            Make(options);
        }
    }

    /// <summary>Sets every annotated option to an end of its range, as a sweep may; it looks into those marked to nest.</summary>
    private static void Sweep(object options, string prefix, bool highest, List<string> swept)
    {
        foreach ((PropertyInfo property, Type type) in Properties(options))
        {
            object? end = property.GetCustomAttribute<RangeAttribute>() is { } range ? (highest ? range.Max : range.Min)
                : property.GetCustomAttribute<ChoiceAttribute>() is { } choice ? (highest ? choice.Candidates[^1] : choice.Candidates[0])
                : property.GetCustomAttribute<BooleanChoiceAttribute>() is not null ? highest : null;
            if (end is not null)
            {
                property.SetValue(options, Convert.ChangeType(end, type, CultureInfo.InvariantCulture));
                swept.Add(prefix + property.Name);
            }
            else if (property.GetCustomAttribute<NestOptionAttribute>() is not null) Sweep(property.GetValue(options)!, $"{prefix}{property.Name}.", highest, swept);
        }
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
                _ when type == typeof(float[]) => new[] { float.NaN },
                _ when type.IsEnum => Enum.ToObject(type, 99),
                _ => null,
            };
            if (bad is not null)
            {
                property.SetValue(options, bad);
                spoilt.Add(prefix + property.Name);
            }
            else if (type == typeof(EarlyReadoutEstimator.Tap[])) Spoil(((EarlyReadoutEstimator.Tap[])property.GetValue(options)!)[0], $"{prefix}{property.Name}[0].", spoilt);
            else if (IsNested(type)) Spoil(property.GetValue(options)!, $"{prefix}{property.Name}.", spoilt);
        }
    }

    /// <summary>Gives every option a value other than its default.</summary>
    private static void Change(object options)
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
                _ when type == typeof(float[]) => new[] { 0.5f },
                _ when type.IsEnum => Enum.GetValues(type).Cast<object>().First(each => !each.Equals(value)),
                _ => null,
            };
            if (other is not null) property.SetValue(options, other);
            else if (type == typeof(EarlyReadoutEstimator.Tap[])) property.SetValue(options, new EarlyReadoutEstimator.Tap[] { new() { Stage = 2, Name = "R" }, new() { ClassBalanced = true } });
            else if (IsNested(type)) Change(value!);
        }
    }

    private static IEnumerable<(PropertyInfo Property, Type Type)> Properties(object options) =>
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetCustomAttribute<JsonIgnoreAttribute>() is null
        orderby property.MetadataToken
        select (property, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);

    private static bool IsNested(Type type) => type.IsClass && type.Namespace?.StartsWith("Microsoft.ML.", StringComparison.Ordinal) == true;

    private static void Approved(string name, string text, [CallerFilePath] string source = "")
    {
        text = text.ReplaceLineEndings("\n") + "\n";
        string approved = Path.Combine(Path.GetDirectoryName(source)!, name);
        string received = Path.Combine(AppContext.BaseDirectory, name + ".received");
        File.WriteAllText(received, text);
        Assert.True(File.Exists(approved) && File.ReadAllText(approved) == text, $"{approved} differs. If that is meant, copy {received} over it in the same commit.\n{text}");
    }
}
