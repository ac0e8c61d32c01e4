using Studies;

namespace MLSieve.Tests;

public sealed class CsvFileTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Quoted_fields_hold_commas_quotes_and_line_ends_and_windows_line_ends_are_line_ends()
    {
        File.WriteAllText(_folder["a.csv"], "x,y\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"two\r\nlines\",\r\n\r\nlast,1");
        Assert.Equal(
            [("a,b", "say \"hi\""), ("two\r\nlines", ""), ("last", "1")],
            CsvFile.Read(_folder["a.csv"], "x", "y").Select(row => (row["x"], row["y"])));
    }

    [Fact]
    public void In_a_file_of_tabs_commas_are_text()
    {
        _folder.Gzip("a.tsv.gz", "x\ty", "a, b\t\"say \"\"hi\"\",\tnow\"", "last\t1");
        Assert.Equal(
            [("a, b", "say \"hi\",\tnow"), ("last", "1")],
            CsvFile.Read(_folder["a.tsv.gz"], "x", "y").Select(row => (row["x"], row["y"])));
    }

    [Theory]
    [InlineData("", "the file is empty; expected a header with x, y.")]
    [InlineData("x,z\n1,2\n", "no column y; the header has x, z.")]
    [InlineData("x,y\n1,2\n\"two\nlines\",3\n1,2,3\n", "line 5: 3 fields; the header has 2.")]
    [InlineData("x,y\n1,\"2\n", "line 2: a quote is left open.")]
    public void What_is_wrong_with_a_file_is_said_with_its_name_and_line(string text, string expected)
    {
        File.WriteAllText(_folder["b.csv"], text);
        var fault = Assert.Throws<InvalidDataException>(() => CsvFile.Read(_folder["b.csv"], "x", "y").Count());
        Assert.StartsWith(_folder["b.csv"], fault.Message);
        Assert.EndsWith(expected, fault.Message);
    }

    [Fact]
    public void A_value_out_of_range_is_said_with_its_column()
    {
        string path = _folder.Text("metadata.csv", "img_filename,y,split,place", "a.jpg,0,0,0", "b.jpg,2,0,0");
        Assert.Equal(
            $"{path}, line 3: column y is '2'; expected a whole number from 0 to 1.",
            Assert.Throws<InvalidDataException>(() => DataSets.Waterbirds(_folder.Root)).Message);
    }
}
