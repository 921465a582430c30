using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Injection;
using Sluice.Webhook.Certificates;

namespace Sluice.Webhook.Tests;

/// <summary>
/// Mutated reviews through the handler and the injection, without sockets. SLUICE_FUZZ_ITERATIONS and SLUICE_FUZZ_SEED set how many
/// and which; iteration i of seed s is always the same review.
/// </summary>
public sealed class FuzzTests
{
    private static readonly string[] Pods =
    [
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"trainer","labels":{"sluice.io/dataset":"imagenet"}},
         "spec":{"containers":[{"name":"train","image":"trainer:1","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}}
        """,
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"generateName":"vllm-","annotations":{"sluice.io/datasets":"imagenet, other/shared=/shared:ro","sluice.io/containers":"server",
         "sluice.io/sidecar-resources":"requests.cpu=100m,imagenet:limits.memory=2Gi"},"labels":{"sluice.io/inject":"true","app":"vllm"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"vllm","uid":"u"}]},
         "spec":{"securityContext":{"runAsUser":1000,"fsGroup":2000},"initContainers":[{"name":"warm","image":"w"},{"name":"istio-proxy","image":"p","restartPolicy":"Always"}],
         "containers":[{"name":"server","image":"vllm:1","resources":{"limits":{"nvidia.com/gpu":"1"},"requests":{"cpu":"4"}},"volumeMounts":[{"name":"shm","mountPath":"/dev/shm"}]},{"name":"metrics","image":"m"}],
         "volumes":[{"name":"shm","emptyDir":{"medium":"Memory"}}],"tolerations":[{"operator":"Exists"}],"futureField":{"a":[1,2,{"b":null}]}}}
        """,
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"explicit","namespace":"vision","annotations":null},
         "spec":{"containers":[{"name":"a","image":"a","volumeMounts":[{"name":"data","mountPath":"/data","subPath":"x","readOnly":true}]},{"name":"b","image":"b","volumeMounts":[{"name":"data","mountPath":"/other"}]}],
         "volumes":[{"name":"data","csi":{"driver":"csi.sluice.io","volumeAttributes":{"dataset":"vision/imagenet"}}},{"name":"claim","persistentVolumeClaim":{"claimName":"imagenet"}}],
         "terminationGracePeriodSeconds":30,"serviceAccountName":"default","nodeSelector":{"kubernetes.io/os":"linux"}}}
        """,
    ];

    private static readonly Catalog Catalog = ReadCatalog();

    [Fact]
    public async Task Whatever_comes_is_answered_with_its_uid_and_never_with_half_a_patch()
    {
        var iterations = Number("SLUICE_FUZZ_ITERATIONS", 100_000);
        var seed = Number("SLUICE_FUZZ_SEED", 1);
        var mutators = Pods.Select(pod => new ReviewMutator(Encoding.UTF8.GetBytes(Reviews.Request(request => request["object"] = JsonNode.Parse(pod))))).ToList();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var state = new CatalogState(TimeProvider.System);
        state.Load(Catalog);
        using var telemetry = new Telemetry(services.GetRequiredService<IMeterFactory>(), state, new ServingCertificate(), TimeProvider.System);
        Exception? thrown = null; // the endpoint turns it into a denial; here it is a defect of the injection
        var endpoint = new AdmissionEndpoint(state, (request, catalog, patch) =>
        {
            try
            {
                return PodInjector.Decide(request, catalog, patch);
            }
            catch (Exception e)
            {
                thrown = e;
                throw;
            }
        }, telemetry, TimeProvider.System, NullLogger<AdmissionEndpoint>.Instance);
        for (var i = 0; i < iterations; i++)
        {
            var body = mutators[i % mutators.Count].Mutate(new Random(unchecked((seed * 1_000_003) + i)));
            try
            {
                var (status, answer) = await PostAsync(endpoint, body);
                Check(body, status, answer);
                if (thrown is not null)
                    throw thrown;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"SLUICE_FUZZ_SEED={seed}, iteration {i}, body (base64): {Convert.ToBase64String(body)}", e);
            }
        }
    }

    private static async Task<(int Status, byte[] Answer)> PostAsync(AdmissionEndpoint endpoint, byte[] body)
    {
        var answer = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Request.ContentType = "application/json";
        context.Request.ContentLength = body.Length;
        context.Request.Body = new MemoryStream(body);
        context.Response.Body = answer;
        await endpoint.HandleAsync(context);
        return (context.Response.StatusCode, answer.ToArray());
    }

    private static void Check(byte[] body, int status, byte[] answer)
    {
        if (status != 200)
        {
            Assert.True(status is 400, $"status {status}");
            Assert.NotEmpty(answer);
            Assert.Empty(Uids(body));
            return;
        }
        using var document = JsonDocument.Parse(answer);
        var response = document.RootElement.GetProperty("response");
        var uid = response.GetProperty("uid").GetString()!;
        var given = Uids(body);
        if (given.Count != 0)
            Assert.Contains(uid, given, StringComparer.Ordinal);
        else
            Assert.NotEmpty(uid);
        if (!response.GetProperty("allowed").GetBoolean())
        {
            Assert.False(response.TryGetProperty("patch", out _));
            Assert.NotEmpty(response.GetProperty("status").GetProperty("message").GetString()!);
        }
        else if (response.TryGetProperty("patch", out var patch))
        {
            using var operations = JsonDocument.Parse(patch.GetBytesFromBase64());
            Assert.Equal(JsonValueKind.Array, operations.RootElement.ValueKind);
        }
    }

    /// <summary>Every uid that a lenient reader finds, when the body is JSON at all.</summary>
    private static List<string> Uids(byte[] body)
    {
        var uids = new List<string>();
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = int.MaxValue });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return uids;
            foreach (var request in document.RootElement.EnumerateObject().Where(member => member.NameEquals("request") && member.Value.ValueKind == JsonValueKind.Object))
                uids.AddRange(request.Value.EnumerateObject().Where(member => member.NameEquals("uid") && member.Value.ValueKind == JsonValueKind.String).Select(member => member.Value.GetString()!).Where(uid => uid.Length != 0));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
        return uids;
    }

    private static Catalog ReadCatalog()
    {
        var manifest = ManifestReader.Read("fuzz", """
            {apiVersion: v1, kind: Namespace, metadata: {name: vision, labels: {team: vision}}}
            ---
            {apiVersion: sluice.io/v1alpha1, kind: Dataset, metadata: {name: imagenet, namespace: vision}, spec: {source: {uri: "file://data/imagenet"}, profile: bind, claim: {name: imagenet}, accessModes: [ReadWriteMany]}}
            ---
            {apiVersion: sluice.io/v1alpha1, kind: Dataset, metadata: {name: shared, namespace: other}, spec: {source: {uri: "file://data/shared"}, sharing: [{namespaceSelector: {matchLabels: {team: vision}}, access: ReadOnly}]}}
            ---
            {apiVersion: sluice.io/v1alpha1, kind: RuntimeProfile, metadata: {name: bind}, spec: {schemes: [file], fuse: {image: "bind:1", command: [bindfs, -f, "${mountpoint}"]}}}
            """);
        Assert.Empty(manifest.Errors);
        var objects = manifest.Objects.Select(read => read.Resource).ToList();
        return new Catalog(objects.OfType<Dataset>(), [], objects.OfType<RuntimeProfile>(), [], objects.OfType<Namespace>());
    }

    private static int Number(string variable, int standard) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : standard;
}
