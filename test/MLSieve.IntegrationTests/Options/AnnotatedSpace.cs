using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace MLSieve.Tests;

/// <summary>
/// The space that package Microsoft.ML.AutoML makes of an options class by its attributes, and what it makes of a point of it: JSON with
/// the annotated options alone, read as options. The rules, floors included, are those of its ChoiceOption, UniformNumericOption,
/// SearchSpace and Parameter.
/// </summary>
internal static class AnnotatedSpace
{
    private static readonly JsonSerializerOptions Form = new()
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>An annotated option.</summary>
    /// <param name="Path">Its name, after those of the objects that it is nested in.</param>
    /// <param name="Type">Its type; what is nullable without its null.</param>
    /// <param name="Attribute">What annotates it.</param>
    public sealed record Axis(string Path, Type Type, Attribute Attribute)
    {
        /// <summary>The value at a place from 0 to 1.</summary>
        public object At(double place) => Attribute switch
        {
            ChoiceAttribute choice =>
                choice.Candidates[Math.Min((int)MathF.Floor((float)(choice.Candidates.Length * place)), choice.Candidates.Length - 1)],
            BooleanChoiceAttribute => place < 0.5,
            RangeAttribute { Min: int } range => (int)Math.Floor(Between(range, place)),
            RangeAttribute range => Between(range, place),
            _ => throw new InvalidOperationException($"{Path} is annotated by {Attribute}."),
        };

        /// <summary>How many values it has; <see langword="null"/> for any number of them.</summary>
        public int? Count =>
            Attribute switch { ChoiceAttribute choice => choice.Candidates.Length, BooleanChoiceAttribute => 2, _ => null };

        private static double Between(RangeAttribute range, double place)
        {
            double least = Convert.ToDouble(range.Min, null), most = Convert.ToDouble(range.Max, null);
            return range.LogBase ? least * Math.Pow(most / least, place) : least + (most - least) * place;
        }
    }

    /// <summary>The annotated options of a class, by name, with those of nested objects that are to be looked into.</summary>
    public static IReadOnlyList<Axis> Axes(Type options, string prefix = "") =>
    [
        .. from property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
           orderby property.Name
           from attribute in property.GetCustomAttributes()
           from axis in attribute switch
           {
               NestOptionAttribute => Axes(property.PropertyType, $"{prefix}{property.Name}."),
               RangeAttribute or ChoiceAttribute or BooleanChoiceAttribute =>
               [
                   new Axis(prefix + property.Name, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, attribute),
               ],
               _ => (IReadOnlyList<Axis>)[],
           }
           select axis,
    ];

    /// <summary>The options at a point, each coordinate from 0 to 1.</summary>
    public static object Sample(Type options, IReadOnlyList<Axis> axes, IReadOnlyList<double> point)
    {
        var json = new JsonObject();
        foreach ((Axis axis, double place) in axes.Zip(point))
        {
            string[] path = axis.Path.Split('.');
            JsonObject owner = path[..^1].Aggregate(json, (nested, name) => (JsonObject)(nested[name] ??= new JsonObject()));
            owner[path[^1]] = JsonSerializer.SerializeToNode(axis.At(place), Form);
        }
        return json.Deserialize(options, Form)!;
    }
}
