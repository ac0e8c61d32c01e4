using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What holds for every public member, by .NET's design guidelines and ML.NET's habits.</summary>
public sealed class ApiGuidelineTests
{
    [Fact]
    public void A_public_class_is_sealed_abstract_or_static() =>
        Nothing(Api.Types.Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && type != typeof(FitRows)));

    [Fact]
    public void No_field_is_public_but_a_constant() =>
        Nothing(Api.Types.Where(type => !type.IsEnum).SelectMany(type => type.GetFields())
            .Where(field => field.DeclaringType!.Assembly != typeof(object).Assembly && !field.IsLiteral));

    [Fact]
    public void Only_options_can_be_set_after_they_were_made() =>
        Nothing(Api.Properties.Where(property => property.SetMethod is { IsPublic: true } set && !IsInit(set))
            .Where(property => !property.DeclaringType!.Name.Contains("Options", StringComparison.Ordinal)
                && property.DeclaringType != typeof(EarlyReadoutEstimator.Tap)));

    [Fact]
    public void Every_list_is_read_only_but_those_of_options_and_spaces() =>
        Nothing(Api.Properties.Where(property => property.SetMethod is not { IsPublic: true } && IsMutable(property.PropertyType)
            && property.Name != nameof(FeatureShape.Dimensions))); // as TorchSharp takes it

    [Fact]
    public void Every_choice_has_a_default_at_zero_and_a_name_of_one()
    {
        Type[] choices = [.. Api.Types.Where(type => type.IsEnum)];
        Assert.NotEmpty(choices);
        Assert.All(choices, choice =>
        {
            Assert.True(Enum.IsDefined(choice, 0), choice.Name);
            Assert.True(!Enum.GetNames(choice).Contains("Automatic") || choice == typeof(Precision)
                || Enum.GetName(choice, 0) == "Automatic", choice.Name);
        });
    }

    [Fact]
    public void Every_exception_has_the_three_usual_constructors()
    {
        Type[] exceptions = [.. Api.Types.Where(typeof(Exception).IsAssignableFrom)];
        Assert.NotEmpty(exceptions);
        Assert.All(exceptions, type => Assert.All(
            new Type[][] { [], [typeof(string)], [typeof(string), typeof(Exception)] },
            parameters => Assert.True(type.GetConstructor(parameters) is not null, $"{type.Name}({string.Join<Type>(", ", parameters)})")));
    }

    [Fact]
    public void A_cancellation_token_is_the_last_parameter_and_called_so() =>
        Nothing(Api.Methods.Where(method => method.GetParameters()
            .Any(each => each.ParameterType == typeof(CancellationToken)
                && (each.Position < method.GetParameters().Length - 1 || each.Name != "cancellationToken" || !each.IsOptional))));

    [Fact]
    public void Overloads_have_their_parameters_in_the_same_order()
    {
        foreach (IGrouping<(Type?, string), MethodBase> overloads in Api.Methods.Where(each => each is MethodInfo)
            .GroupBy(method => (method.DeclaringType, method.Name)))
        {
            foreach (MethodBase one in overloads)
            {
                foreach (MethodBase other in overloads)
                {
                    string[] names = Names(one), others = Names(other);
                    string[] shared = [.. names.Intersect(others)];
                    Assert.True(shared.SequenceEqual(others.Intersect(names)), $"{one} and {other} order parameters differently.");
                }
            }
        }

        static string[] Names(MethodBase method) => [.. method.GetParameters().Select(parameter => parameter.Name!)];
    }

    [Fact]
    public void What_a_user_types_after_the_context_is_an_extension_of_a_catalog_in_Microsoft_ML()
    {
        MethodInfo[] extensions = [.. Api.Methods.OfType<MethodInfo>().Where(method => method.IsDefined(typeof(ExtensionAttribute)))];
        Assert.NotEmpty(extensions);
        Nothing(extensions.Where(method => method.DeclaringType!.Namespace != typeof(MLContext).Namespace));
        Nothing(extensions.Where(method => method.GetParameters()[0].ParameterType.Name.EndsWith("Catalog", StringComparison.Ordinal)
            && method.GetParameters()[0].Name != "catalog"));
    }

    [Fact]
    public void What_makes_a_trainer_of_options_makes_that_of_a_trial_in_the_same_catalog()
    {
        MethodInfo[] makers =
        [
            .. Api.Methods.OfType<MethodInfo>().Where(method => method.IsDefined(typeof(ExtensionAttribute))
                && method.GetParameters() is [_, { ParameterType: var options }] && typeof(TrainerOptions).IsAssignableFrom(options)),
        ];
        Assert.NotEmpty(makers);
        Nothing(makers.Where(maker =>
        {
            Type catalog = maker.GetParameters()[0].ParameterType, options = maker.GetParameters()[1].ParameterType;
            return maker.DeclaringType!.GetMethod(maker.Name, [catalog, options, options])?.ReturnType != maker.ReturnType;
        }));
    }

    [Fact]
    public void What_trains_or_searches_for_long_can_be_cancelled() =>
        Assert.All(
            new[] { typeof(TrainerOptions), typeof(SearchOptions<>), typeof(ShortcutOptions) },
            options => Assert.NotNull(options.GetProperty("CancellationToken")));

    private static bool IsInit(MethodInfo set) => set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsMutable(Type type) =>
        type.IsArray || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(List<>)
            || type.GetGenericTypeDefinition() == typeof(Dictionary<,>) || type.GetGenericTypeDefinition() == typeof(IList<>)));

    private static void Nothing(IEnumerable<MemberInfo> wrong) => Assert.Empty(wrong.Select(Api.NameOf));
}
