using System.Globalization;
using System.IO.Compression;

namespace AdultIncome;

/// <summary>A person of the census, as UCI Adult has it.</summary>
internal sealed class AdultRow
{
    public float Age { get; set; }

    public float EducationYears { get; set; }

    public float CapitalGain { get; set; }

    public float CapitalLoss { get; set; }

    public float HoursPerWeek { get; set; }

    public string Work { get; set; } = "";

    public string Marital { get; set; } = "";

    public string Occupation { get; set; } = "";

    public string Relationship { get; set; } = "";

    public string Race { get; set; } = "";

    /// <summary>The spurious attribute.</summary>
    public string Sex { get; set; } = "";

    public string Country { get; set; } = "";

    /// <summary><c>&lt;=50K</c> or <c>&gt;50K</c>: the label.</summary>
    public string Income { get; set; } = "";

    /// <summary>Reads <c>adult.data.gz</c> or <c>adult.test.gz</c>.</summary>
    /// <exception cref="InvalidDataException">A line has another number of fields, or a text where a number belongs; the message names file
    /// and line.</exception>
    public static AdultRow[] Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var rows = new List<AdultRow>();
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            if (text.Length == 0 || text[0] == '|') continue; // the test file begins with a remark
            string[] field = text.Split(',', StringSplitOptions.TrimEntries);
            if (field.Length != 15) throw new InvalidDataException($"{path}, line {line}: {field.Length} fields; expected 15.");
            rows.Add(new AdultRow
            {
                Age = Number(0),
                Work = field[1],
                EducationYears = Number(4),
                Marital = field[5],
                Occupation = field[6],
                Relationship = field[7],
                Race = field[8],
                Sex = field[9],
                CapitalGain = MathF.Log(1 + Number(10)),
                CapitalLoss = MathF.Log(1 + Number(11)),
                HoursPerWeek = Number(12),
                Country = field[13],
                Income = field[14].TrimEnd('.'), // the test file ends its labels with a point
            });

            float Number(int i) => float.TryParse(field[i], CultureInfo.InvariantCulture, out float number)
                ? number
                : throw new InvalidDataException($"{path}, line {line}: '{field[i]}' is not a number.");
        }

        return [.. rows];
    }
}
