using Microsoft.ML;

namespace Studies;

/// <summary>A model of a final run, trained again, with the rows that its figures are of.</summary>
internal sealed record TrainedModel(ITransformer Model, IDataView Test);
