using System.Globalization;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class OptionFaultsTests
{
    [Fact]
    public void A_number_above_its_bound_is_written_alike_in_every_culture()
    {
        var options = new EarlyReadoutEstimator.Options
        {
            Optimizer = { StageRateDecay = 1.5 },
            Schedule = { StepFactor = 1.25 },
            Augmentation = { ResizedCropScale = 1.75 },
        };
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            Assert.Equal("1,5", $"{1.5}"); // the culture does write otherwise
            string message = Assert.Throws<ArgumentException>(options.Validate).Message;
            Assert.Contains("Optimizer.StageRateDecay is 1.5; it must be at most 1.", message, StringComparison.Ordinal);
            Assert.Contains("Schedule.StepFactor is 1.25; it must be at most 1.", message, StringComparison.Ordinal);
            Assert.Contains("Augmentation.ResizedCropScale is 1.75; it must be at most 1.", message, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
