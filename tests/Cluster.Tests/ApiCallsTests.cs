using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Kube;
using Sluice.Testing.Cluster;

namespace Sluice.Cluster.Tests;

/// <summary>Against the double of an API server that other tests have.</summary>
public sealed class ApiCallsTests
{
    [Fact]
    public async Task What_is_refused_is_a_value_with_the_words_of_the_server()
    {
        await using var server = await ApiServerDouble.StartAsync();
        using var calls = await OpenAsync(server);
        var pod = TestPods.Naming("imagenet", "vision", "mine");
        server.Next(r => r.Method == "POST", 403, ApiStatus.Json(403, "Forbidden", "admission says no"));
        var refused = await calls.CreateAsync(pod, ApiCalls.DryRun);
        Assert.Equal((403, "admission says no", true), (refused.Code, refused.Message, refused.IsRefused));
        Assert.Contains(server.Requests, r => r.Method == "POST" && r.Path.StartsWith("/api/v1/namespaces/vision/pods", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Warnings_are_read_as_they_were_written()
    {
        await using var server = await ApiServerDouble.StartAsync();
        using var calls = await OpenAsync(server);
        server.Next(_ => true, async context =>
        {
            context.Response.Headers.Append("Warning", "299 - \"Validation failed for 'x': label \\\"a\\\" changes nothing\"");
            context.Response.Headers.Append("Warning", "299 - \"another\"");
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("{}", context.RequestAborted);
        });
        var answer = await calls.GetAsync("/version");
        Assert.Equal(["Validation failed for 'x': label \"a\" changes nothing", "another"], answer.Warnings, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_page_that_is_no_JSON_is_an_answer_all_the_same()
    {
        await using var server = await ApiServerDouble.StartAsync();
        using var calls = await OpenAsync(server);
        server.Next(_ => true, async context =>
        {
            context.Response.StatusCode = 503;
            await context.Response.WriteAsync("busy", context.RequestAborted);
        });
        var answer = await calls.GetAsync("/version");
        Assert.Equal((503, "", JsonValueKind.Undefined), (answer.Code, answer.Message, answer.Body.ValueKind));
    }

    private static async Task<ApiCalls> OpenAsync(ApiServerDouble server)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, server.Kubeconfig, TestContext.Current.CancellationToken);
        var access = await KubeconfigAccess.OpenAsync(new FileInfo(file), null, TestContext.Current.CancellationToken);
        File.Delete(file);
        return new ApiCalls(access);
    }
}
