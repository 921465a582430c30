using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Testing;
using Sluice.Testing.Golden;

namespace Sluice.Webhook.Tests;

/// <summary>Every golden case once more, as an AdmissionReview over HTTPS; one server with one catalog answers all.</summary>
public sealed class GoldenTests(GoldenWebhook golden) : IClassFixture<GoldenWebhook>
{
    public static TheoryData<string> Cases { get; } = [.. GoldenFiles.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_webhook_answers_as_expected(string name)
    {
        var test = GoldenCase.Read(name);
        var response = await golden.Webhook.ReviewAsync(Review(test));

        Assert.Equal(Reviews.Uid, response.GetProperty("uid").GetString());
        Assert.Null(GoldenExpectation.Difference(test, Answer(test, response)));
    }

    private static string Review(GoldenCase test) => Reviews.Request(request =>
    {
        request["namespace"] = test.Namespace;
        request["operation"] = test.Operation;
        request["userInfo"]!["username"] = test.User;
        request["object"] = JsonObject.Create(test.Pod);
        request["name"] = (string?)request["object"]!["metadata"]?["name"];
    });

    private static GoldenAnswer Answer(GoldenCase test, JsonElement response)
    {
        List<string> warnings = response.TryGetProperty("warnings", out var given) ? [.. given.EnumerateArray().Select(w => w.GetString()!)] : [];
        if (!response.GetProperty("allowed").GetBoolean())
        {
            var status = response.GetProperty("status");
            return new GoldenAnswer(GoldenAnswer.Denied(status.GetProperty("code").GetInt32(), status.GetProperty("message").GetString()), null, warnings);
        }
        if (!response.TryGetProperty("patch", out var patch))
            return new GoldenAnswer(null, null, warnings);
        Assert.Equal("JSONPatch", response.GetProperty("patchType").GetString());
        return new GoldenAnswer(null, PatchOracle.Apply(test.Pod, Convert.FromBase64String(patch.GetString()!)), warnings);
    }
}

/// <summary>A webhook whose catalog is that of all cases.</summary>
public sealed class GoldenWebhook : IAsyncLifetime
{
    private RunningWebhook? _webhook;

    internal RunningWebhook Webhook => _webhook!;

    public async ValueTask InitializeAsync()
    {
        _webhook = await RunningWebhook.StartAsync();
        // Past the directory, whose validators refuse what some cases are about: that the injection refuses it as well.
        _webhook.Host.Services.GetRequiredService<CatalogState>().Load(GoldenCatalog.Catalog);
    }

    public async ValueTask DisposeAsync()
    {
        if (_webhook is not null)
            await _webhook.DisposeAsync();
    }
}
