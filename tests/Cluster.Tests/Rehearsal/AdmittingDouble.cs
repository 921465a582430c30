using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Cluster.Tests.Providers;
using Sluice.Testing;
using Sluice.Testing.Cluster;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests.Rehearsal;

/// <summary>
/// The API server's double as a provider. It calls mutating webhooks for pods, as far as the tests that are rehearsed against it need
/// that: selectors, order, reinvocation, certificates, Services with an external name; neither conditions nor anything else of admission.
/// </summary>
internal sealed class AdmittingDouble : IClusterProvider
{
    private const string Pods = "/api/v1/pods";
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Configurations = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

    private readonly string _kubeconfig = Path.GetTempFileName();
    private ApiServerDouble? _server;

    public string Name => "the double of an API server";
    public string Host => "127.0.0.1";

    public ApiServerDouble Server => _server!;

    public async Task<string> StartAsync(CancellationToken token)
    {
        _server = await ApiServerDouble.StartAsync();
        _server.Always(r => r.Path == "/version", _ => (200, """{"major":"1","minor":"34"}"""));
        _server.Always(r => r.Method == "GET" && r.Path.StartsWith(Definitions + "/", StringComparison.Ordinal), Established);
        _server.Always(r => r.Method == "POST" && RequestPath.Parse(r.Path)?.Collection == Pods, Admit);
        _server.Always(r => r.Method == "PATCH" && r.Path.StartsWith(Configurations + "/", StringComparison.Ordinal), ApplyConfiguration);
        await File.WriteAllTextAsync(_kubeconfig, _server.Kubeconfig, token);
        return _kubeconfig;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    private (int Status, string Body) Established(RecordedRequest request)
    {
        if (Server.Store.Find(Definitions, null, request.Path[(Definitions.Length + 1)..]) is not { } item)
            return (404, ApiStatus.Json(404, "NotFound", "not found"));
        item["status"] = Json.Parse("""{"conditions":[{"type":"Established","status":"True"}]}""");
        return (200, item.ToJsonString());
    }

    /// <summary>Server-side apply, to a list that is merged by name.</summary>
    private (int Status, string Body) ApplyConfiguration(RecordedRequest request)
    {
        var applied = Json.Parse(System.Text.Encoding.UTF8.GetString(request.Body));
        if (Server.Store.Find(Configurations, null, Yaml.Text(applied["metadata"]!["name"])) is { } there)
        {
            foreach (var webhook in applied["webhooks"]!.AsArray())
                there["webhooks"]!.AsArray().Single(w => Yaml.Text(w!["name"]) == Yaml.Text(webhook!["name"]))!["clientConfig"]!["caBundle"] = webhook!["clientConfig"]!["caBundle"]!.DeepClone();
            applied = there;
        }
        Server.Store.Put(Configurations, applied.ToJsonString());
        return (200, applied.ToJsonString());
    }

    private (int Status, string Body) Admit(RecordedRequest request)
    {
        var path = RequestPath.Parse(request.Path)!;
        var pod = Json.Parse(System.Text.Encoding.UTF8.GetString(request.Body));
        var called = new List<JsonObject>();
        foreach (var webhook in Webhooks(path.Namespace!, pod))
        {
            called.Add(webhook);
            var before = pod.ToJsonString();
            if (Call(webhook, path.Namespace!, ref pod) is { } denied)
                return denied;
            if (before == pod.ToJsonString())
                continue;
            foreach (var earlier in called[..^1].Where(w => Yaml.Text(w["reinvocationPolicy"]) == "IfNeeded"))
            {
                if (Call(earlier, path.Namespace!, ref pod) is { } deniedAgain)
                    return deniedAgain;
            }
        }
        if (!request.Query.ContainsKey("dryRun"))
            Server.Store.Put(Pods, pod.ToJsonString());
        return (201, pod.ToJsonString());
    }

    private IEnumerable<JsonObject> Webhooks(string nameSpace, JsonObject pod)
    {
        var names = Labels(Server.Store.Find("/api/v1/namespaces", null, nameSpace)!);
        var labels = Labels(pod);
        return Server.Requests.Where(r => r.Path.StartsWith(Configurations + "/", StringComparison.Ordinal)).Select(r => r.Path[(Configurations.Length + 1)..])
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => Server.Store.Find(Configurations, null, name)).OfType<JsonObject>()
            .SelectMany(c => c["webhooks"]!.AsArray().Select(w => w!.AsObject()))
            .Where(w => w["matchConditions"] is null && Selects(w["namespaceSelector"], names) && Selects(w["objectSelector"], labels));
    }

    /// <summary>Null when the pod may go on; otherwise how it is refused.</summary>
    private (int Status, string Body)? Call(JsonObject webhook, string nameSpace, ref JsonObject pod)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = Guid.NewGuid().ToString(),
                ["kind"] = Json.Parse("""{"group":"","version":"v1","kind":"Pod"}"""),
                ["resource"] = Json.Parse("""{"group":"","version":"v1","resource":"pods"}"""),
                ["namespace"] = nameSpace,
                ["operation"] = "CREATE",
                ["object"] = pod.DeepClone(),
            },
        };
        JsonObject response;
        try
        {
            response = Send(webhook["clientConfig"]!.AsObject(), review);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            return (500, ApiStatus.Json(500, "InternalError", $"failed calling webhook \"{Yaml.Text(webhook["name"])}\": {e.Message} {e.InnerException?.Message}"));
        }
        if (!response["allowed"]!.GetValue<bool>())
        {
            var code = response["status"]!["code"]!.GetValue<int>();
            return (code, ApiStatus.Json(code, "Denied", $"admission webhook \"{Yaml.Text(webhook["name"])}\" denied the request: {Yaml.Text(response["status"]!["message"])}"));
        }
        if (response["patch"] is { } patch)
            pod = Json.Object(PatchOracle.Apply(JsonElement.Parse(pod.ToJsonString()), Convert.FromBase64String(Yaml.Text(patch))));
        return null;
    }

    private JsonObject Send(JsonObject config, JsonObject review)
    {
        using var authorities = new AuthorityList(Yaml.Text(config["caBundle"]));
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = authorities.Policy } };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(config, out var name)) { Content = JsonContent.Create(review) };
        request.Headers.Host = name; // the name that the certificate must have
        using var answer = client.Send(request);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(answer.Content.ReadAsStream())!["response"]!.AsObject();
    }

    private Uri Address(JsonObject config, out string? name)
    {
        name = null;
        if (config["url"] is { } url)
            return new Uri(Yaml.Text(url));
        var service = config["service"]!;
        var (ns, id) = (Yaml.Text(service["namespace"]), Yaml.Text(service["name"]));
        name = $"{id}.{ns}.svc";
        var host = Yaml.Text(Server.Store.Find("/api/v1/services", ns, id)!["spec"]!["externalName"]);
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"https://{host}:{service["port"]!.GetValue<int>()}{Yaml.Text(service["path"])}"));
    }

    private static Dictionary<string, string> Labels(JsonObject item) =>
        item["metadata"]!["labels"] is JsonObject labels ? labels.ToDictionary(l => l.Key, l => Yaml.Text(l.Value), StringComparer.Ordinal) : [];

    private static bool Selects(JsonNode? selector, Dictionary<string, string> labels) =>
        selector is null || JsonSerializer.Deserialize(selector.ToJsonString(), ApiJson.Default.LabelSelector)!.Matches(labels);

    /// <summary>Who is believed, and nobody else.</summary>
    private sealed class AuthorityList : IDisposable
    {
        private readonly X509Certificate2Collection _authorities = [];

        public AuthorityList(string bundle)
        {
            if (bundle.Length > 0)
                _authorities.ImportFromPem(System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(bundle)));
            Policy.CustomTrustStore.AddRange(_authorities);
        }

        public X509ChainPolicy Policy { get; } = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };

        public void Dispose()
        {
            foreach (var authority in _authorities)
                authority.Dispose();
        }
    }
}
