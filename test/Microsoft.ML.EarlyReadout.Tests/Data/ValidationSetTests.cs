using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ValidationSetTests
{
    private const string Label = "The label column 'Label' of the validation rows (ValidationSet)";
    private const string Advice = "Transform both sets by one fitted pipeline, so that their keys are the same.";

    private static readonly IDataView _training = Rows.Load(2, ([1, 2], "a", ""), ([3, 4], "b", ""), ([5, 6], "c", ""));

    [Fact]
    public void One_pipeline_for_both_agrees_even_where_a_class_has_no_rows()
    {
        var key = Rows.Ml.Transforms.Conversion.MapValueToKey("Label").Fit(_training);
        var log = new List<string>();
        using var training = Rows.Read(key.Transform(_training));
        using var validation =
            Rows.Read(key.Transform(Rows.Load(2, ([1, 2], "c", ""), ([1, 2], "z", ""))), Rows.Held, log: log, like: training);
        Assert.Equal([2], validation.Labels);
        Assert.Equal(training.ClassNames, validation.ClassNames);
        Assert.Equal(["In the validation rows (ValidationSet): Skipped 1 of 2 rows: no label in column 'Label'."], log);
    }

    [Fact]
    public void An_unseen_class_is_an_error_that_names_it() =>
        Assert.Equal($"{Label} has the class 'z', which the training data does not have. {Advice}",
            Fault(Rows.View(2, ([1, 2], "a", ""), ([1, 2], "b", ""), ([1, 2], "z", ""))));

    [Fact]
    public void A_class_that_the_validation_key_lacks_is_an_error_that_names_it() =>
        Assert.Equal($"{Label} does not know the class 'c' of the training data. {Advice}",
            Fault(Rows.View(2, ([1, 2], "a", ""), ([1, 2], "b", ""))));

    [Fact]
    public void Classes_in_another_order_are_an_error() =>
        Assert.Equal($"{Label} has the classes of the training data in another order. {Advice}",
            Fault(Rows.View(2, ([1, 2], "b", ""), ([1, 2], "a", ""), ([1, 2], "c", ""))));

    [Fact]
    public void Another_shape_is_an_error() =>
        Assert.Equal(
            "The feature column 'Features' of the validation rows (ValidationSet) has the shape (3); expected (2), as in the training "
                + "data. Transform them by the same fitted pipeline as the training rows.",
            Fault(Rows.View(3, ([1, 2, 3], "a", ""), ([1, 2, 3], "b", ""), ([1, 2, 3], "c", ""))));

    private static string Fault(IDataView validation)
    {
        using var training = Rows.Read(Rows.Keyed(_training));
        return Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(validation, Rows.Held, like: training)).Message;
    }
}
