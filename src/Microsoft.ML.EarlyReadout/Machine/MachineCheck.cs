using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What <see cref="MachineCheckCatalog.CheckMachine"/> found. Immutable.</summary>
public sealed class MachineCheck
{
    internal MachineCheck(IReadOnlyList<KeyValuePair<string, string>> facts, IReadOnlyList<string> problems) =>
        (Facts, Problems) = (facts, problems);

    /// <summary>The facts, each a name and a value for people, in the order of the table.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; }

    /// <summary>What keeps training or scoring from working here, each with what to do; empty where all is well.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>The facts as a text table, then the problems.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        TextTable.Append(text, [.. Facts.Select(fact => new[] { fact.Key, fact.Value })], left: [0, 1]);
        text.AppendLine();
        if (Problems.Count == 0) text.AppendLine("No problems were found.");
        for (int i = 0; i < Problems.Count; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"Problem {i + 1} of {Problems.Count}: {Problems[i]}");
        return text.ToString();
    }
}
