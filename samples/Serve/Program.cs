using System.Globalization;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.ML.Data;
using Serve;
using MinDataRate = Microsoft.AspNetCore.Server.Kestrel.Core.MinDataRate;

// Serves one saved model: dotnet run -c Release --project samples/Serve -- --Model model.zip --HeatMaps true
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
ServeOptions options = ServeOptions.Of(builder.Configuration);
using ServedModel model = ServedModel.Load(options.Model, options.Parallel, options.MaxCharacters);
using HeatMaps? heatMaps = options.HeatMaps ? HeatMaps.Load(options.Model, model.ImageColumn) : null;

builder.WebHost.ConfigureKestrel(server =>
{
    server.Limits.MaxRequestBodySize = options.MaxBytes;
    server.Limits.MinRequestBodyDataRate = new MinDataRate(options.MinBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));
});
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks();
builder.Services.AddOpenApi();
builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true); // so that each bad request is told below
builder.Services.AddRateLimiter(limiter =>
{
    limiter.AddPolicy("scoring", _ => RateLimitPartition.GetConcurrencyLimiter("scoring", _ => new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Parallel,
        QueueLimit = options.Queue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    }));
    limiter.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
    limiter.OnRejected = (rejected, _) =>
    {
        rejected.HttpContext.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        return ValueTask.CompletedTask;
    };
});

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.Use(async (context, next) =>
{
    try
    {
        await next(context);
    }
    catch (BadHttpRequestException fault) when (!context.Response.HasStarted)
    {
        string reason = fault.InnerException is JsonException json ? $"The body is no JSON: {json.Message}" : fault.Message;
        await Results.Problem(reason, statusCode: fault.StatusCode).ExecuteAsync(context);
    }
});
app.UseRateLimiter();

app.MapHealthChecks("/health");
app.MapOpenApi(); // /openapi/v1.json
app.MapGet("/model", () => model.Description).WithSummary("What the model reads, and its classes.");
RouteGroupBuilder scoring = app.MapGroup("").RequireRateLimiting("scoring");
scoring.ProducesProblem(StatusCodes.Status400BadRequest)
    .ProducesProblem(StatusCodes.Status408RequestTimeout)
    .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
    .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
string[] types = ["image/jpeg", "image/gif", "image/bmp", "image/webp"];
if (model.ReadsImages)
{
    scoring.MapPost("/images", async (Stream body, CancellationToken cancellation) =>
    {
        using MLImage image = await UploadedImage.ReadAsync(body, options.MaxPixels, cancellation);
        return model.Score(image);
    }).Accepts<Stream>("image/png", types).WithSummary("Scores an image: the bytes of its file.");
}
else
{
    scoring.MapPost("/rows", (JsonElement row) => model.Score(row)).WithSummary("Scores a row: an object with a member for each column.");
}

if (heatMaps is not null)
{
    scoring.MapPost("/heatmaps", async (Stream body, CancellationToken cancellation) =>
    {
        using MLImage image = await UploadedImage.ReadAsync(body, options.MaxPixels, cancellation);
        return TypedResults.Bytes(heatMaps.Paint(image), "image/png");
    }).Accepts<Stream>("image/png", types).Produces<Stream>(contentType: "image/png")
        .WithSummary("Paints where in an image the network sees its class.");
}

await app.RunAsync();
