using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>What the packages show to others.</summary>
internal static class Api
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<Type> Types { get; } =
    [
        .. new[] { typeof(EarlyReadoutTransformer), typeof(FeatureSieveTrainer), typeof(TrialStore) }
            .SelectMany(type => type.Assembly.ExportedTypes),
    ];

    public static IReadOnlyList<MethodBase> Methods { get; } =
    [
        .. Members<MethodInfo>().Where(method => !method.IsSpecialName && method.GetBaseDefinition() == method && !IsGenerated(method)),
        .. Members<ConstructorInfo>().Where(each => !IsGenerated(each)),
    ];

    public static IReadOnlyList<PropertyInfo> Properties { get; } =
    [
        .. Types.SelectMany(type => type.GetProperties(Declared)).Where(property => property.GetAccessors(true).Any(IsShown)),
    ];

    /// <summary>Each id of a part that may still change, with what has it.</summary>
    public static ILookup<string, MemberInfo> Experimental { get; } =
        Types.SelectMany(type => type.GetMembers(Declared).Append(type))
            .Select(member => (member, id: member.GetCustomAttribute<ExperimentalAttribute>(inherit: false)?.DiagnosticId))
            .Where(each => each.id is not null).ToLookup(each => each.id!, each => each.member);

    public static string NameOf(MemberInfo member) => $"{(member as Type ?? member.DeclaringType)!.Name}.{member.Name}";

    private static IEnumerable<T> Members<T>()
        where T : MethodBase =>
        Types.SelectMany(type => type.GetMembers(Declared)).OfType<T>().Where(IsShown);

    private static bool IsShown(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsGenerated(MethodBase method) => method.IsDefined(typeof(CompilerGeneratedAttribute));
}
