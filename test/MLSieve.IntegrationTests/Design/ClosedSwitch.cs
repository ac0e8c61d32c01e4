using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MLSieve.Tests;

/// <summary>A switch over an enum, or over the classes that derive from an abstract one of ours; or a choice <c>x == A ? … : …</c> by an
/// enum of ours.</summary>
/// <param name="Place">The library's file and the member that it stands in.</param>
/// <param name="Type">What is switched over.</param>
/// <param name="Missing">Members of an enum of ours, or derived classes, that no arm names; <c>Automatic</c> is none, because options are
/// settled before.</param>
/// <param name="Rest">What the arm for all others throws, such as <c>UnreachableException</c>; empty: it does something else;
/// <see langword="null"/>: there is none; <see cref="Else"/>: it is the second part of a choice.</param>
internal sealed record ClosedSwitch(string Place, string Type, IReadOnlyList<string> Missing, string? Rest)
{
    public const string Else = "else";

    /// <summary>All of them in a library's source.</summary>
    public static IEnumerable<ClosedSwitch> In(string library)
    {
        CSharpCompilation compilation = LibrarySource.Compilation(library);
        INamedTypeSymbol[] classes = [.. compilation.GetSymbolsWithName(_ => true, SymbolFilter.Type).OfType<INamedTypeSymbol>()];
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                bool isChoice = IsChoice(node, model);
                if (!isChoice && node is not (SwitchExpressionSyntax or SwitchStatementSyntax)) continue;
                ITypeSymbol? type = Governing(node, model);
                if (Cases(type, classes) is not { } cases) continue;
                SyntaxNode[] labels = isChoice ? [((ConditionalExpressionSyntax)node).Condition] : [.. Labels(node)];
                string[] named = [.. labels.SelectMany(label => label.DescendantNodesAndSelf().OfType<SimpleNameSyntax>())
                    .Select(name => model.GetSymbolInfo(name).Symbol?.Name).OfType<string>()];
                string member = node.Ancestors().OfType<MemberDeclarationSyntax>().First() switch
                {
                    MethodDeclarationSyntax method => method.Identifier.Text,
                    PropertyDeclarationSyntax property => property.Identifier.Text,
                    _ => "",
                };
                bool isOurs = LibrarySource.Libraries.Contains(type!.ContainingAssembly.Name);
                string[] missing = isOurs ? [.. cases.Except(named).Except(["Automatic"])] : [];
                yield return new ClosedSwitch($"{tree.FilePath}, {member}", type.Name, missing, isChoice ? Else : RestOf(node));
            }
        }
    }

    /// <summary>Whether something is done for one member of an enum of ours, and something else for all others; "automatic or what is
    /// asked for" is no such choice.</summary>
    private static bool IsChoice(SyntaxNode node, SemanticModel model) =>
        node is ConditionalExpressionSyntax { Condition: BinaryExpressionSyntax { RawKind: (int)SyntaxKind.EqualsExpression } equal }
        && model.GetSymbolInfo(equal.Right).Symbol is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum, Name: not "Automatic" } field
        && LibrarySource.Libraries.Contains(field.ContainingAssembly.Name);

    private static ITypeSymbol? Governing(SyntaxNode node, SemanticModel model)
    {
        ExpressionSyntax value = node switch
        {
            SwitchExpressionSyntax expression => expression.GoverningExpression,
            SwitchStatementSyntax statement => statement.Expression,
            _ => ((BinaryExpressionSyntax)((ConditionalExpressionSyntax)node).Condition).Right,
        };
        ITypeSymbol? type = model.GetTypeInfo(value).Type;
        return type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type;
    }

    private static IEnumerable<string>? Cases(ITypeSymbol? type, INamedTypeSymbol[] classes) => type switch
    {
        { TypeKind: TypeKind.Enum } =>
            type.GetMembers().OfType<IFieldSymbol>().Where(field => field.HasConstantValue).Select(field => field.Name),
        { IsAbstract: true, TypeKind: TypeKind.Class } when classes.Contains(type, SymbolEqualityComparer.Default) =>
            classes.Where(each => SymbolEqualityComparer.Default.Equals(each.BaseType, type)).Select(each => each.Name),
        _ => null,
    };

    private static IEnumerable<SyntaxNode> Labels(SyntaxNode node) => node switch
    {
        SwitchExpressionSyntax expression => expression.Arms.Select(arm => arm.Pattern),
        _ => ((SwitchStatementSyntax)node).Sections.SelectMany(section => section.Labels),
    };

    private static string? RestOf(SyntaxNode node)
    {
        SyntaxNode? rest = node switch
        {
            SwitchExpressionSyntax expression =>
                expression.Arms.LastOrDefault(arm => arm is { Pattern: DiscardPatternSyntax, WhenClause: null })?.Expression,
            _ => ((SwitchStatementSyntax)node).Sections
                .LastOrDefault(section => section.Labels.Any(label => label.IsKind(SyntaxKind.DefaultSwitchLabel)))?.Statements[0],
        };
        return rest switch
        {
            null => null,
            ThrowExpressionSyntax thrown => Thrown(thrown.Expression),
            ThrowStatementSyntax { Expression: { } thrown } => Thrown(thrown),
            _ => "",
        };
    }

    private static string Thrown(ExpressionSyntax thrown) =>
        thrown is ObjectCreationExpressionSyntax made ? made.Type.ToString() : thrown.ToString();
}
