using Microsoft.ML;
using Microsoft.ML.Data;

namespace Quickstart;

/// <summary>Loads a saved model as any ML.NET application would, and checks that it scores as the fitted one does.</summary>
internal static class StockReload
{
    private const float Tolerance = 1e-4f;

    /// <summary>Scores the test images with the reloaded model and says how far its scores are from the fitted model's.</summary>
    /// <exception cref="InvalidOperationException">A label differs, or a score by more than 1e-4.</exception>
    public static void Compare(string zip, IDataView test, IDataView scored)
    {
        var ml = new MLContext();
        IDataView paths = ml.Transforms.SelectColumns("Path").Fit(test).Transform(test); // an application knows no labels
        using var model = (IDisposable)ml.Model.Load(zip, out _); // until it is disposed, a copy of its graph is in the temporary folder
        IDataView reloaded = ml.Data.Cache(((ITransformer)model).Transform(paths));
        float difference = Scores(scored).Zip(Scores(reloaded), LargestDifference).Max();
        int labels = scored.GetColumn<uint>("PredictedLabel")
            .Zip(reloaded.GetColumn<uint>("PredictedLabel"))
            .Count(pair => pair.First != pair.Second);
        Console.WriteLine(
            FormattableString.Invariant(
                $"{Path.GetFileName(zip)} reloaded by stock ML.NET: {labels} labels differ, largest difference of a score ")
                    + FormattableString.Invariant($"{difference:0.0e+00}"));
        if (labels > 0 || !(difference <= Tolerance))
            throw new InvalidOperationException($"{zip} does not score as the model that was saved there.");
    }

    private static IEnumerable<float[]> Scores(IDataView view) => view.GetColumn<float[]>("Score");

    private static float LargestDifference(float[] left, float[] right) => left.Zip(right, (a, b) => MathF.Abs(a - b)).Max();
}
