using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace MLSieve.Tests;

/// <summary>
/// What runs in a training step, as the sources of the libraries say: what a loop calls for one step, what that calls, and so on. A call
/// of an interface's or a base class's member goes to all who implement it; TorchSharp's modules call each layer's forward, and autograd
/// each function's backward.
/// </summary>
internal sealed class StepCalls
{
    // The loop's; and that of automatic feature reweighting, which descends on all rows at once without the loop.
    private static readonly string[] _steps = [".TrainingLoop.RunStep", ".LastLayerDescent.Step"];

    private readonly Dictionary<string, List<(SyntaxNode Code, SemanticModel Model)>> _bodies = [];
    private readonly Dictionary<string, List<string>> _implementers = []; // by the id of what they implement
    private readonly HashSet<string> _reached = [];

    /// <param name="libraries">The libraries; what one of them calls of another is found there.</param>
    public StepCalls(IEnumerable<CSharpCompilation> libraries)
    {
        foreach (CSharpCompilation library in libraries) Add(library);
        var open = new Stack<string>(
            _bodies.Keys.Where(id => _steps.Any(step => id.Split('(')[0].EndsWith(step, StringComparison.Ordinal))));
        foreach ((string called, List<string> layers) in _implementers)
            if (IsCalledByTorch(called)) foreach (string layer in layers) open.Push(layer);
        while (open.TryPop(out string? id))
        {
            if (!_reached.Add(id)) continue;
            foreach ((ISymbol used, _, _) in Uses(id)) open.Push(Id(used));
            foreach (string implementer in _implementers.GetValueOrDefault(id, [])) open.Push(implementer);
        }
    }

    /// <summary>The libraries' own methods and properties that run in steps, as Type.Member.</summary>
    public IReadOnlySet<string> Members => _reached.Where(_bodies.ContainsKey).Select(Short).ToHashSet();

    /// <summary>The libraries' methods that compute gradients, in steps or not, as Type.Member.</summary>
    public IReadOnlyCollection<string> Differentiating =>
    [
        .. from entry in _bodies
           where entry.Value.Any(body => body.Code.ToString().Contains("backward(", StringComparison.Ordinal))
           where Uses(entry.Key).Any(use => use.Used is { Name: "backward", ContainingAssembly.Name: "TorchSharp" })
           select Short(entry.Key),
    ];

    /// <summary>The members of TorchSharp that they use: by whom, its name, and the types of the parameters that are given.</summary>
    public IEnumerable<(string By, string Name, IReadOnlyList<string> Given)> OfTorch =>
        from id in _reached
        from use in Uses(id)
        where use.Used.ContainingAssembly?.Name == "TorchSharp"
        select (Short(id), use.Used.Name, Given(use.At, use.Model));

    private static bool IsCalledByTorch(string id) => id.StartsWith("M:TorchSharp.", StringComparison.Ordinal)
        && (id.Contains(".forward(", StringComparison.Ordinal) || id.Contains(".backward(", StringComparison.Ordinal));

    private void Add(CSharpCompilation library)
    {
        foreach (SyntaxTree tree in library.SyntaxTrees)
        {
            SemanticModel model = library.GetSemanticModel(tree);
            foreach (MemberDeclarationSyntax member in tree.GetRoot().DescendantNodes().OfType<MemberDeclarationSyntax>())
            {
                if (member is BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax) continue;
                if (model.GetDeclaredSymbol(member) is not { } symbol || symbol is not (IMethodSymbol or IPropertySymbol)) continue;
                string id = Id(symbol);
                if (!_bodies.TryGetValue(id, out var bodies)) _bodies[id] = bodies = [];
                bodies.Add((member, model));
                foreach (ISymbol implemented in Implemented(symbol))
                {
                    if (!_implementers.TryGetValue(Id(implemented), out var those)) _implementers[Id(implemented)] = those = [];
                    those.Add(id);
                }
            }
        }
    }

    private static IEnumerable<ISymbol> Implemented(ISymbol symbol)
    {
        ISymbol? overridden = (symbol as IMethodSymbol)?.OverriddenMethod ?? (ISymbol?)(symbol as IPropertySymbol)?.OverriddenProperty;
        if (overridden is not null) yield return overridden;
        INamedTypeSymbol type = symbol.ContainingType;
        foreach (ISymbol member in type.AllInterfaces.SelectMany(each => each.GetMembers()))
            if (SymbolEqualityComparer.Default.Equals(type.FindImplementationForInterfaceMember(member), symbol)) yield return member;
    }

    private static IReadOnlyList<string> Given(SyntaxNode at, SemanticModel model)
    {
        if (at is ElementAccessExpressionSyntax)
        {
            return model.GetOperation(at) is IPropertyReferenceOperation indexed
                ? [.. indexed.Arguments.SelectMany(each => Unwrapped(each.Value)).Select(each => each.Type?.Name ?? "")] : [];
        }

        return at.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call && model.GetOperation(call) is IInvocationOperation invoked
            ? [.. invoked.Arguments.Where(each => each.ArgumentKind == ArgumentKind.Explicit).Select(each => each.Parameter!.Type.Name)]
            : [];
    }

    /// <summary>What is written as an index, before it becomes a TensorIndex or a part of an array.</summary>
    private static IEnumerable<IOperation> Unwrapped(IOperation value) => value switch
    {
        IConversionOperation conversion => Unwrapped(conversion.Operand),
        IArrayCreationOperation { Initializer: { } array } => array.ElementValues.SelectMany(Unwrapped),
        _ => [value],
    };

    private IEnumerable<(ISymbol Used, SyntaxNode At, SemanticModel Model)> Uses(string id) =>
        from body in _bodies.GetValueOrDefault(id, [])
        from node in body.Code.DescendantNodes()
        where node is SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ElementAccessExpressionSyntax
            or ConstructorInitializerSyntax or CastExpressionSyntax
        let used = node is CastExpressionSyntax
            ? (body.Model.GetOperation(node) as IConversionOperation)?.OperatorMethod : Named(node, body.Model)
        where used is IMethodSymbol or IPropertySymbol
        select ((used as IMethodSymbol)?.ReducedFrom ?? used, node, body.Model);

    private static ISymbol? Named(SyntaxNode node, SemanticModel model)
    {
        SymbolInfo info = model.GetSymbolInfo(node);
        return info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
    }

    private static string Id(ISymbol symbol) => symbol.OriginalDefinition.GetDocumentationCommentId() ?? symbol.ToDisplayString();

    /// <summary>Type.Member of M:Namespace.Type.Member(parameters).</summary>
    private static string Short(string id)
    {
        string name = id.Split('(')[0][(id.IndexOf(':') + 1)..];
        int member = name.LastIndexOf('.');
        int type = member > 0 ? name.LastIndexOf('.', member - 1) : -1;
        return name[(type + 1)..];
    }
}
