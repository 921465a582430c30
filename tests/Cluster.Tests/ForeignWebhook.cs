using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Testing.Certificates;

namespace Sluice.Cluster.Tests;

/// <summary>
/// Somebody else's mutating webhook, of before native sidecars: its types do not know <c>restartPolicy</c> of a container, so that it
/// loses it from every init container that passes.
/// </summary>
internal sealed class ForeignWebhook : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _stripped;

    private ForeignWebhook(WebApplication app) => _app = app;

    /// <summary>How many restart policies it has lost.</summary>
    public int Stripped => Volatile.Read(ref _stripped);

    /// <summary>Starts it and has it called for the area, after ours: API servers go by name.</summary>
    public static async Task<ForeignWebhook> StartAsync(TestArea area)
    {
        var host = area.Cluster.Host();
        using var authority = new ThrowawayAuthority("foreign-tests");
        var (certificate, key) = authority.Issue(host);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Any, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPem(certificate, key))));
        var webhook = new ForeignWebhook(builder.Build());
        webhook._app.MapPost("/strip", webhook.HandleAsync);
        await webhook._app.StartAsync(TestContext.Current.CancellationToken);
        var address = new UriBuilder("https", host, new Uri(webhook._app.Urls.Single()).Port).Uri;
        await area.MakeAsync(Configuration(area.Suffix, new Uri(address, "/strip"), authority.Pem));
        return webhook;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    /// <summary>The patch that it answers with; empty when there is nothing to lose.</summary>
    internal static JsonArray Patch(JsonObject pod)
    {
        var patch = new JsonArray();
        var containers = pod["spec"]!["initContainers"]?.AsArray() ?? [];
        for (var i = 0; i < containers.Count; i++)
        {
            if (containers[i]!["restartPolicy"] is not null)
                patch.Add(new JsonObject { ["op"] = "remove", ["path"] = string.Create(CultureInfo.InvariantCulture, $"/spec/initContainers/{i}/restartPolicy") });
        }
        return patch;
    }

    private static JsonObject Configuration(string area, Uri address, string authority) => Json.Parse($$$"""
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration","metadata":{"name":"zz-foreign-{{{area}}}"},
         "webhooks":[{"name":"strip.example.org","clientConfig":{"url":"{{{address}}}","caBundle":"{{{Convert.ToBase64String(Encoding.ASCII.GetBytes(authority))}}}"},
          "admissionReviewVersions":["v1"],"sideEffects":"None","failurePolicy":"Fail","reinvocationPolicy":"Never",
          "namespaceSelector":{"matchLabels":{"{{{TestArea.Label}}}":"{{{area}}}"} },
          "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]}]}
        """);

    private async Task HandleAsync(HttpContext context)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!["request"]!;
        var patch = Patch(review["object"]!.AsObject());
        var response = new JsonObject { ["uid"] = review["uid"]!.DeepClone(), ["allowed"] = true };
        if (patch.Count > 0)
        {
            Interlocked.Increment(ref _stripped);
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Json.Bytes(patch));
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response }.ToJsonString(), context.RequestAborted);
    }
}
