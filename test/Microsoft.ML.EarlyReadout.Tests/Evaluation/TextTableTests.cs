using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class TextTableTests
{
    [Fact]
    public void A_column_is_as_wide_as_its_widest_cell_and_no_line_ends_in_blanks() => Assert.Equal(
        ["Name     Rows  Remark", "one         7  worst", "another  1234"],
        TextTable.Lines([["Name", "Rows", "Remark"], ["one", "7", "worst"], ["another", "1234", ""]], left: [0, ^1]));

    [Fact]
    public void The_first_column_is_cut_where_the_table_would_be_too_wide() => Assert.Equal(
        ["Name   N", "a lo…  1"], TextTable.Lines([["Name", "N"], ["a long name", "1"]], left: [0], widest: 8));

    [Fact]
    public void Stages_stand_below_their_headings() => Assert.Equal(
        """
        Column  Stage     Rows  Accuracy  95 % interval     Most frequent
        Label   0 stem     200    0.9850  [0.9568, 0.9969]         0.5100
        Noise   1 stage1   200    0.5000  [0.4287, 0.5713]         0.5050

        """,
        new StageProfile(
        [
            new(0, "stem", "Label", 200, 0.985, new(0.9568, 0.9969), 0.51),
            new(1, "stage1", "Noise", 200, 0.5, new(0.4287, 0.5713), 0.505),
        ]).ToString(),
        ignoreLineEndingDifferences: true);

    [Fact]
    public void Readouts_stand_below_their_headings_even_without_groups() => Assert.Equal(
        """
        Classifier: accuracy 0.7500 on 1,200 rows
        Readout   Accuracy  Margin right  Margin wrong  Recall  Precision     AUC
        Readout1    0.5000        0.2500             –       –          –       –

        """,
        new ReadoutProfile
        {
            RowCount = 1200,
            Accuracy = 0.75,
            WorstGroup = null,
            Readouts =
            [
                new()
                {
                    Name = "Readout1",
                    Accuracy = 0.5,
                    RightMargins = new(600, 0.25, []),
                    WrongMargins = new(600, null, []),
                    WorstGroupRecall = null,
                    WorstGroupPrecision = null,
                    WorstGroupAreaUnderRocCurve = null,
                    Groups = [],
                },
            ],
        }.ToString(),
        ignoreLineEndingDifferences: true);

    [Fact]
    public void Clusters_stand_below_their_headings_with_what_tells_them_between() => Assert.Equal(
        """
        Readout1 is wrong on 76 of 600 rows with a margin of at least 0.5; the network is wrong on 234 rows.
         #  Rows of           Rows  Errors  Of all errors  Accuracy  Elsewhere
         1  yes, read as no     76      76         32.5 %    0.0000     0.8482
              Place = no: 100 %, elsewhere 34 %

        """,
        new ShortcutFindings
        {
            ReadoutName = "Readout1",
            MinMargin = 0.5,
            RowCount = 600,
            ErrorCount = 234,
            SuspectCount = 76,
            Clusters =
            [
                new()
                {
                    Label = "yes",
                    ReadAs = "no",
                    Rows = [.. Enumerable.Range(0, 76).Select(row => (long)row)],
                    ErrorCount = 76,
                    ErrorShare = 76 / 234.0,
                    Accuracy = 0,
                    AccuracyInterval = new(0, 0.05),
                    AccuracyElsewhere = 0.8482,
                    MeanMargin = 0.9,
                    TellingValues = [new("Place", "no", 1, 0.34, 9)],
                },
            ],
        }.ToString(),
        ignoreLineEndingDifferences: true);
}
