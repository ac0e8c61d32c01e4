using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What is around every fit, of whatever trainer: its log, memory and ranks, and the faults that come of them.</summary>
internal static class NetworkTraining
{
    // "train" is given options of which none is automatic any more.
    public static EarlyReadoutTransformer Fit<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train)
        where TOptions : TrainerOptions =>
        Run(new FitRequest<TOptions>(environment, trainer, options, rows, train) { MakesModel = true })!;

    /// <summary>As <see cref="Fit"/>, for what training reports alone: no model is made of the network.</summary>
    public static void Train<TOptions>(
        IHostEnvironment environment, string trainer, TOptions options, FitRows rows, Action<TrainingSession, TOptions> train)
        where TOptions : TrainerOptions =>
        Run(new FitRequest<TOptions>(environment, trainer, options, rows, train) { MakesModel = false });

    public static SchemaShape GetOutputSchema(TrainerOptions options, SchemaShape input)
    {
        ArgumentNullException.ThrowIfNull(input);
        options.GivenColumns.Check(input);
        return ScoringSchema.GetOutputSchema(
            input, options.ExampleColumnName, options.LabelColumnName, options.ScoreColumnName, options.PredictedLabelColumnName,
            [.. options.ReadoutNames.Select(name => new ReadoutColumns(name))]);
    }

    private static EarlyReadoutTransformer? Run<TOptions>(FitRequest<TOptions> request)
        where TOptions : TrainerOptions
    {
        TOptions options = request.Options;
        CheckNames(options, request.Rows.View.Schema, request.Rows.Scored);
        using var kept = KeptMemory.Begin();
        using IChannel channel = request.Environment.Start(request.Trainer);
        var cancellation = Cancellation.Of(request.Environment, options.CancellationToken);
        bool isAlone = options.IsTrial || !request.MakesModel;
        using var ranks = ProcessRanks.Take(isAlone ? Distribution.Off : options.Distribution, cancellation);
        Action<string> log = LogOf(channel, ranks.Group);
        Action<string> warn = message => channel.Warning(MessageSensitivity.None, "{0}", message);
        var budget = MemoryBudget.Of(options.MemoryBudgetMebibytes, CatalogEnvironment.TemporaryFolderOf(request.Environment), log);
        try
        {
            EarlyReadoutTransformer? model =
                new NetworkFit<TOptions>(request, new FitContext(budget, log, warn, ranks, cancellation)).Run();
            ranks.EndTogether();
            return model;
        }
        // What fails on the threads by which ML.NET reads ahead comes wrapped.
        catch (Exception fault) when (
            fault is not (TrainingOutOfMemoryException or ModelExportException) && fault.GetBaseException() is OutOfMemoryException)
        {
            throw TrainingOutOfMemoryException.OfManagedMemory(budget, fault);
        }
        // Before training, which tells of its own failures.
        catch (Exception fault) when (
            fault is not (TrainingOutOfMemoryException or ModelExportException)
            && AllocationFailure.Of(fault) is { } failure)
        {
            throw new TrainingOutOfMemoryException(
                $"There is no room for the network{Place(failure)}"
                    + (failure.Requested is not { } bytes ? "."
                        : FormattableString.Invariant($": {bytes >> 20} MiB more could not be allocated."))
                    + $" Choose a smaller network{(failure.IsOnGpu == false ? "" : " or another Device")}, "
                    + "or end other programs that hold memory.", fault);
        }
    }

    private static string Place(AllocationFailure failure) => failure.IsOnGpu switch
    {
        true => " on the GPU",
        false => " in the machine's memory",
        null => "",
    };

    private static Action<string> LogOf(IChannel channel, RankGroup ranks)
    {
        Action<string> log = message => channel.Info(MessageSensitivity.None, "{0}", message);
        if (ranks.IsSingle) return log;
        log($"Rank {ranks.Rank} of {ranks.Count}: all train this network together.");
        return ranks.IsFirst ? log : _ => { }; // the first tells for all
    }

    // Of the rows that will be scored: columns that a method adds for training are not among them.
    private static void CheckNames(TrainerOptions options, DataViewSchema input, DataViewSchema scored)
    {
        FeatureFormat format = FeatureFormat.In(input, options.ExampleColumnName);
        IEnumerable<string> rows = scored.Where(column => !column.IsHidden).Select(column => column.Name);
        TransientColumns.Check(rows, options.ExampleColumnName, format, [.. options.ColumnsWritten.Select(output => output.Column!)]);
    }
}
