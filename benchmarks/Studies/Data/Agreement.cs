namespace Studies;

/// <summary>Draws the spurious attribute of a row: the row's own class with a given probability, else another class, each alike.</summary>
/// <param name="Probability">The probability of the own class; 1/classes makes the attribute independent of the class.</param>
/// <param name="Classes">How many classes there are.</param>
internal sealed record Agreement(double Probability, int Classes)
{
    /// <summary>How often the attribute of a validation row is its own class: a choice by groups needs rows that conflict.</summary>
    public const double InValidation = 0.5;

    /// <summary>The value of the group column where the attribute is the row's own class.</summary>
    public const string Agrees = "agrees";

    /// <summary>The value of the group column where the attribute is another class.</summary>
    public const string Conflicts = "conflicts";

    /// <summary>Draws an attribute for a row of class <paramref name="own"/>.</summary>
    public int Draw(int own, Random random)
    {
        if (random.NextDouble() < Probability) return own;
        int other = random.Next(Classes - 1);
        return other < own ? other : other + 1;
    }

    /// <summary>The group column's value for a row.</summary>
    public static string Name(int own, int attribute) => own == attribute ? Agrees : Conflicts;
}
