using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

public sealed class CatalogEnvironmentTests
{
    public static TheoryData<string> Catalogs => ["MulticlassClassification", "Trainers", "Transforms", "Model"];

    [Theory]
    [MemberData(nameof(Catalogs))]
    public void A_message_through_the_environment_of_each_catalog_reaches_the_context_log(string catalog)
    {
        var ml = new MLContext();
        List<string> log = [];
        ml.Log += (_, entry) => log.Add($"{entry.Kind} {entry.Source} {entry.RawMessage}");
        IHostEnvironment environment = catalog switch
        {
            "MulticlassClassification" => CatalogEnvironment.Of(ml.MulticlassClassification),
            "Trainers" => CatalogEnvironment.Of(ml.MulticlassClassification.Trainers),
            "Transforms" => CatalogEnvironment.Of(ml.Transforms),
            _ => CatalogEnvironment.Of(ml.Model),
        };

        using (IChannel channel = environment.Start("Readout"))
        {
            channel.Info(MessageSensitivity.None, "epoch 1");
            channel.Warning(MessageSensitivity.None, "3 rows skipped");
        }

        Assert.Contains(
            log, line => line.StartsWith("Info ", StringComparison.Ordinal) && line.EndsWith("epoch 1", StringComparison.Ordinal));
        Assert.Contains(
            log,
            line => line.StartsWith("Warning ", StringComparison.Ordinal) && line.EndsWith("3 rows skipped", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains("Readout", StringComparison.Ordinal));
    }

    [Fact]
    public void A_catalog_that_hides_its_environment_gives_an_error_that_names_the_assembly()
    {
        var error = Assert.Throws<NotSupportedException>(() => CatalogEnvironment.Read(new object()));
        Assert.Contains("System.Object of Microsoft.ML.Data, Version=", error.Message, StringComparison.Ordinal);
    }
}
