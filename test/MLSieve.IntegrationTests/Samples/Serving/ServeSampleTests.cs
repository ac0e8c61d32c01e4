using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Data;
using SkiaSharp;

namespace MLSieve.Tests;

/// <summary>samples/Serve as its users run it: a process that is asked over HTTP.</summary>
public sealed class ServeSampleTests(ServedModels models) : IClassFixture<ServedModels>
{
    private const int Clients = 4, WarmUp = 60, Load = 160; // requests of each client
    private const int LargeSide = 512; // pixels: an image of that size takes a mebibyte once it is decoded

    // A bound, in MiB, for the growth of memory after the warm-up. Half of those requests are of a large image: were one kept in each, it
    // would grow by some 300.
    private const double Growth = 100;
    private static readonly string[] _classes = ["red", "green", "blue"];

    [Fact]
    public async Task Clients_at_once_get_the_answers_of_one_client_and_memory_stays_flat()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It reads the memory of a process from /proc.");
        (string Name, byte[] Bytes, float[] Scores)[] images = [.. Expected(), .. ExpectedOfLarge()];
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Images, "--Parallel", "2", "--Queue", "64");
        foreach ((_, byte[] bytes, float[] scores) in images) AssertNear(scores, await ScoresAsync(server, bytes));
        var alone = await Task.WhenAll(images.Select(image => ScoresAsync(server, image.Bytes)));

        var latencies = new ConcurrentBag<double>();
        var clock = Stopwatch.StartNew();
        await LoadAsync(WarmUp);
        double warm = server.PrivateMebibytes;
        await LoadAsync(Load);
        double last = server.PrivateMebibytes;

        double[] sorted = [.. latencies.Order()];
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{sorted.Length} requests by {Clients} clients in {clock.Elapsed.TotalSeconds:0.0} s; latency p50 {At(0.5):0.0} ms, ")
            + FormattableString.Invariant($"p95 {At(0.95):0.0} ms, p99 {At(0.99):0.0} ms; ")
            + FormattableString.Invariant($"private memory {warm:0} MiB after {Clients * WarmUp} of them, {last:0} MiB at the end"));
        Assert.True(last - warm < Growth, $"Private memory grew from {warm:0} to {last:0} MiB.");
        Assert.DoesNotContain("EarlyReadout", server.MappedFiles, StringComparison.Ordinal);
        Assert.DoesNotContain("torch", server.MappedFiles, StringComparison.OrdinalIgnoreCase);

        Task LoadAsync(int requests) => Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (int i = 0; i < requests; i++)
            {
                int image = (5 * client + i) % images.Length; // small and large ones at once
                var one = Stopwatch.StartNew();
                float[] answer = await ScoresAsync(server, images[image].Bytes);
                latencies.Add(one.Elapsed.TotalMilliseconds);
                Assert.Equal(alone[image], answer);
            }
        })));

        double At(double part) => sorted[(int)(part * (sorted.Length - 1))];
    }

    [Fact]
    public async Task Bad_images_are_refused_with_their_reason_and_the_server_goes_on()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Images, "--MaxBytes", "20000", "--MaxPixels", "10000");
        byte[] good = Expected()[0].Bytes;
        foreach ((byte[] bytes, int status, string reason) in new (byte[], int, string)[]
        {
            ([], 400, "The body is empty; send the bytes of an image file."),
            ("no image"u8.ToArray(), 400, "The body is no image; send the bytes of a PNG, JPEG, GIF, BMP or WebP file."),
            (good[..(good.Length / 2)], 400, "The image is damaged or cut off (IncompleteInput)."),
            (new byte[20001], 413, "Request body too large. The max request body size is 20000 bytes."),
            (Encoded(200, 51, SKEncodedImageFormat.Png), 413,
                "The image has 200 × 51 pixels; at most 10000 are read. Send a smaller one."),
        })
        {
            Assert.Equal((status, reason), await server.RefusedAsync("/images", bytes));
        }

        Assert.Equal(415, (await server.RefusedAsync("/images", good, "text/plain")).Status);
        Assert.Equal(404, (await server.RefusedAsync("/rows", "{}"u8.ToArray(), "application/json")).Status);
        Assert.Equal(404, (await server.RefusedAsync("/heatmaps", good)).Status);
        AssertNear(Expected()[0].Scores, await ScoresAsync(server, good));
    }

    [Fact]
    public async Task Heat_maps_are_pictures_of_the_size_that_the_network_reads_whatever_else_is_in_the_pipeline()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Images, "--HeatMaps", "true");
        byte[][] images = [.. Expected().Select(image => image.Bytes)];
        List<byte[]> pictures = [];
        foreach (byte[] image in images) pictures.Add(await PaintAsync(image));
        foreach (byte[] painted in pictures)
        {
            using SKBitmap picture = SKBitmap.Decode(painted);
            Assert.Equal((ImageFolder.Width, ImageFolder.Height), (picture.Width, picture.Height));
            Assert.True(picture.Pixels.Distinct().Count() > 10);
        }

        Assert.Equal(pictures.Count, pictures.Select(Convert.ToBase64String).Distinct().Count());
        byte[][] atOnce = await Task.WhenAll(images.Concat(images).Concat(images).Select(PaintAsync));
        Assert.Equal([.. pictures, .. pictures, .. pictures], atOnce);
        Assert.Equal(400, (await server.RefusedAsync("/heatmaps", "no image"u8.ToArray())).Status);

        async Task<byte[]> PaintAsync(byte[] image)
        {
            using HttpResponseMessage response = await server.SendAsync("/heatmaps", image);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
            return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Rows_are_scored_from_the_columns_that_the_model_reads()
    {
        ServedModels.Person[] people = [.. ServedModels.Draw(12)];
        float[][] expected = models.TableScores(people);
        await using ServeProcess server = await ServeProcess.StartAsync(models.NewTemporaryFolder(), "--Model", models.Table);
        JsonElement description = JsonElement.Parse(await server.GetAsync("/model"));
        Assert.Equal("row", description.GetProperty("input").GetString());
        Assert.Equal(
            ["Age", "City", "Marks"], description.GetProperty("columns").EnumerateObject().Select(column => column.Name).Order());
        Assert.Equal(["no", "yes"], description.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        foreach ((ServedModels.Person person, float[] scores) in people.Zip(expected))
        {
            using HttpResponseMessage response = await server.SendAsync(
                "/rows", JsonSerializer.SerializeToUtf8Bytes(new { person.City, person.Age, person.Marks }), "application/json");
            JsonElement answer = await AnswerAsync(response);
            AssertNear(scores, [.. new[] { "no", "yes" }.Select(name => answer.GetProperty("scores").GetProperty(name).GetSingle())]);
            Assert.Equal(scores[0] > scores[1] ? "no" : "yes", answer.GetProperty("predictedClass").GetString());
        }
    }

    [Fact]
    public async Task Classes_that_are_no_texts_are_called_by_their_values()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(models.NewTemporaryFolder(), "--Model", models.Flags);
        JsonElement description = JsonElement.Parse(await server.GetAsync("/model"));
        Assert.Equal(["False", "True"], description.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        using HttpResponseMessage response = await server.SendAsync("/rows", """{"Width":1}"""u8.ToArray(), "application/json");
        JsonElement scores = (await AnswerAsync(response)).GetProperty("scores");
        Assert.Equal(["False", "True"], scores.EnumerateObject().Select(score => score.Name));
    }

    [Fact]
    public async Task Classes_of_a_key_without_values_are_called_by_their_numbers_from_0()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(models.NewTemporaryFolder(), "--Model", models.Keys);
        JsonElement description = JsonElement.Parse(await server.GetAsync("/model"));
        Assert.Equal(["0", "1", "2"], description.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        using HttpResponseMessage response = await server.SendAsync("/rows", """{"Width":1}"""u8.ToArray(), "application/json");
        JsonElement scores = (await AnswerAsync(response)).GetProperty("scores");
        Assert.Equal(["0", "1", "2"], scores.EnumerateObject().Select(score => score.Name));
    }

    [Fact]
    public async Task Bad_rows_are_refused_with_the_column()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(models.NewTemporaryFolder(), "--Model", models.Table);
        foreach ((string row, string reason) in new[]
        {
            ("""{"City":"Oslo","Marks":[1,2]}""", "Column 'Age' is missing; it must be of type Single."),
            ("""{"City":"Oslo","Age":"old","Marks":[1,2]}""", "Column 'Age' is \"old\"; it must be of type Single."),
            ("""{"City":"Oslo","Age":1e99,"Marks":[1,2]}""", "Column 'Age' is 1e99; it must be of type Single."),
            ("""{"City":null,"Age":3,"Marks":[1,2]}""", "Column 'City' is null; it must be of type String."),
            ("""{"City":"Oslo","Age":3,"Marks":[1]}""", "Column 'Marks' is [1]; it must be of type Vector<Single, 2>."),
            ("""{"City":"Oslo","Age":3,"Marks":[1,2],"Sex":"f"}""", "There is no column 'Sex'. The model reads "),
            ("[1]", "The body must be one JSON object with a member for each column."),
            ("{\"City\":", "The body is no JSON: "),
        })
        {
            (int status, string told) = await server.RefusedAsync("/rows", Encoding.UTF8.GetBytes(row), "application/json");
            Assert.Equal(400, status);
            Assert.StartsWith(reason, told, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("1e300", "Column 'Weight' is 1e300; its numbers must be within ±3.4e38, the range of Single.")]
    [InlineData("1e38", "The model's scores of this example are not finite: a number in it may be too large for the network.")]
    public async Task A_number_that_is_too_large_for_the_network_is_refused(string weight, string reason)
    {
        await using ServeProcess server = await ServeProcess.StartAsync(models.NewTemporaryFolder(), "--Model", models.Parcels);
        Assert.Equal((400, reason), await server.RefusedAsync("/rows", Row(weight), "application/json"));
        using HttpResponseMessage response = await server.SendAsync("/rows", Row("0.001"), "application/json");
        await AnswerAsync(response);

        static byte[] Row(string number) => Encoding.UTF8.GetBytes($$"""{"Weight":{{number}}}""");
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_with_its_column()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Table, "--MaxCharacters", "4");
        Assert.Equal(
            (413, "Column 'City' has a text of 5 characters; at most 4 are read. Send a shorter one."),
            await server.RefusedAsync("/rows", """{"City":"Paris","Age":3,"Marks":[1,2]}"""u8.ToArray(), "application/json"));
        using HttpResponseMessage response = await server.SendAsync(
            "/rows", """{"City":"Rome","Age":3,"Marks":[1,2]}"""u8.ToArray(), "application/json");
        await AnswerAsync(response);
    }

    [Fact]
    public async Task Too_many_requests_at_once_are_told_to_come_back()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Images, "--Parallel", "1", "--Queue", "0");
        byte[] large = Encoded(1500, 1500, SKEncodedImageFormat.Png);
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.SendAsync("/images", large)));
        ILookup<HttpStatusCode, HttpResponseMessage> byStatus = responses.ToLookup(response => response.StatusCode);
        Assert.Equal(responses.Length, byStatus[HttpStatusCode.OK].Count() + byStatus[HttpStatusCode.ServiceUnavailable].Count());
        Assert.NotEmpty(byStatus[HttpStatusCode.OK]);
        Assert.NotEmpty(byStatus[HttpStatusCode.ServiceUnavailable]);
        Assert.All(
            byStatus[HttpStatusCode.ServiceUnavailable],
            response => Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta));
        Array.ForEach(responses, response => response.Dispose());
    }

    [Fact]
    public async Task Who_sends_an_image_too_slowly_is_told_so_and_its_place_is_free_again()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            models.NewTemporaryFolder(), "--Model", models.Images, "--Parallel", "1", "--Queue", "0");
        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port, TestContext.Current.CancellationToken);
        await using NetworkStream stream = slow.GetStream();
        await stream.WriteAsync(
            "POST /images HTTP/1.1\r\nHost: slow\r\nContent-Type: image/png\r\nContent-Length: 60000\r\n\r\n"u8.ToArray(),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        Task<string?> status = reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        while (!status.IsCompleted) // 4,000 bytes a second, of 50,000 at least
        {
            await stream.WriteAsync(new byte[400], TestContext.Current.CancellationToken);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal("HTTP/1.1 408 Request Timeout", await status);
        (_, byte[] bytes, float[] scores) = Expected()[0];
        AssertNear(scores, await ScoresAsync(server, bytes));
    }

    [Fact]
    public async Task It_tells_its_health_and_its_endpoints_and_leaves_no_files()
    {
        string temporary = models.NewTemporaryFolder();
        await using ServeProcess server = await ServeProcess.StartAsync(temporary, "--Model", models.Images, "--HeatMaps", "true");
        Assert.Equal("Healthy", await server.GetAsync("/health"));
        JsonElement paths = JsonElement.Parse(await server.GetAsync("/openapi/v1.json")).GetProperty("paths");
        Assert.Equal(["/heatmaps", "/images", "/model"], paths.EnumerateObject().Select(path => path.Name).Order());
        JsonElement image = paths.GetProperty("/images").GetProperty("post");
        Assert.Contains("image/png", image.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(type => type.Name));
        Assert.Superset(
            new HashSet<string> { "200", "400", "408", "413", "503" },
            image.GetProperty("responses").EnumerateObject().Select(each => each.Name).ToHashSet());

        Assert.NotEmpty(Directory.EnumerateFiles(temporary, "*", SearchOption.AllDirectories)); // the copy of the graph
        Assert.Equal(0, await server.StopAsync());
        Assert.Empty(Directory.EnumerateFiles(temporary, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Options_that_cannot_be_are_told_together()
    {
        string told = await ServeProcess.RefusalAsync(
            models.NewTemporaryFolder(), "--Model", "none.zip", "--MaxCharacters", "0", "--MinBytesPerSecond", "0", "--Parallel", "0");
        Assert.Contains(
            "Model is 'none.zip'; there is no such file. MaxCharacters is 0; it must be at least 1. MinBytesPerSecond is 0; it must be "
                + "at least 1. Parallel is 0; it must be at least 1.",
            told, StringComparison.Ordinal);
        told = await ServeProcess.RefusalAsync(models.NewTemporaryFolder(), "--Model", models.Table, "--HeatMaps", "true");
        Assert.Contains("The model reads no images.", told, StringComparison.Ordinal);
        told = await ServeProcess.RefusalAsync(models.NewTemporaryFolder(), "--Model", models.SizedImages);
        Assert.Contains("Save a pipeline that begins with LoadImages", told, StringComparison.Ordinal);
    }

    /// <summary>Images of several sizes and formats, with the scores of the saved model in this process.</summary>
    private (string Name, byte[] Bytes, float[] Scores)[] Expected()
    {
        using var folder = new ImageFolder(0);
        var random = new Random(7);
        for (int i = 0; i < 6; i++)
            folder.Add($"{i}.png", ImageFolder.Draw(20 + i, 30 - i, i % 3, random), i % 3, 20 + i, 30 - i);
        folder.Add("same-size.png", ImageFolder.Draw(ImageFolder.Height, ImageFolder.Width, 1, random), 1);
        File.WriteAllBytes(Path.Combine(folder.Root, "photo.jpg"), Encoded(40, 30, SKEncodedImageFormat.Jpeg));
        File.WriteAllBytes(Path.Combine(folder.Root, "grey.png"), Encoded(20, 30, SKEncodedImageFormat.Png, SKColorType.Gray8));
        File.WriteAllBytes(Path.Combine(folder.Root, "clear.png"), Encoded(25, 30, SKEncodedImageFormat.Png, alpha: 100));
        return Expected(folder.Root);
    }

    /// <summary>The same of as many large images.</summary>
    private (string Name, byte[] Bytes, float[] Scores)[] ExpectedOfLarge()
    {
        using var folder = new ImageFolder(0);
        for (int i = 0; i < 10; i++)
        {
            (int width, int height) = (LargeSide + 16 * i, LargeSide - 16 * i);
            SKEncodedImageFormat format = i % 2 == 0 ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg;
            File.WriteAllBytes(Path.Combine(folder.Root, $"large-{i}.{format}"), Encoded(width, height, format));
        }

        return Expected(folder.Root);
    }

    private (string Name, byte[] Bytes, float[] Scores)[] Expected(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        float[][] scores = models.ImageScores(folder, files);
        return [.. files.Zip(scores, (file, score) => (file, File.ReadAllBytes(Path.Combine(folder, file)), score))];
    }

    private static byte[] Encoded(
        int width, int height, SKEncodedImageFormat format, SKColorType colours = SKColorType.Bgra8888, byte alpha = 255)
    {
        using var bitmap = new SKBitmap(width, height, colours, alpha == 255 ? SKAlphaType.Opaque : SKAlphaType.Premul);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(255 * x / width), (byte)(255 * y / height), 40, alpha));
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    private static async Task<float[]> ScoresAsync(ServeProcess server, byte[] image)
    {
        using HttpResponseMessage response = await server.SendAsync("/images", image);
        JsonElement answer = await AnswerAsync(response);
        float[] scores = [.. _classes.Select(name => answer.GetProperty("scores").GetProperty(name).GetSingle())];
        Assert.Equal(_classes[Array.IndexOf(scores, scores.Max())], answer.GetProperty("predictedClass").GetString());
        return scores;
    }

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {body}");
        return JsonElement.Parse(body);
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }
}
