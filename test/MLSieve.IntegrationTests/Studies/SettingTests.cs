using Studies;

namespace MLSieve.Tests;

public sealed class SettingTests
{
    [Fact]
    public void A_setting_reads_back_what_it_prints()
    {
        var setting = new Setting(0.05, 5, 1, 0, 1, 0.5, 0.01);
        Assert.Equal(setting, Setting.Parse(setting.ToString(), learningRate: 99));
    }

    [Theory]
    [InlineData("stage")]
    [InlineData("stage=first")]
    [InlineData("floor=1")]
    [InlineData("stage=1.9")]
    [InlineData("stage=0")]
    [InlineData("depth=-1")]
    [InlineData("width=3000000000")]
    [InlineData("every=NaN")]
    public void A_setting_that_cannot_be_read_is_named(string text) =>
        Assert.Contains(text.Split('=')[0], Assert.Throws<UsageException>(() => Setting.Parse(text, 0.05)).Message);

    [Fact]
    public void Part_of_a_stage_is_no_stage()
    {
        var fault = Assert.Throws<UsageException>(() => Setting.Parse("depth=1,stage=1.9", 0.05));
        Assert.Equal("--setting: 'stage=1.9' takes a whole number of at least 1.", fault.Message);
    }

    [Theory]
    [InlineData("--seeds 0")]
    [InlineData("--rate fast")]
    [InlineData("--agreement 1.5")]
    [InlineData("--colour")]
    [InlineData("--out")] // without its value
    [InlineData("--minutes 71001")] // a timer takes no more
    public void A_bad_argument_is_named(string arguments)
    {
        var fault = Assert.Throws<UsageException>(() => StudyOptions.Parse(["run", "shapes", .. arguments.Split(' ')]));
        Assert.Contains(arguments.Split(' ')[0], fault.Message);
    }
}
