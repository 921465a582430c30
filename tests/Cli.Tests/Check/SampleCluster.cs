using System.Text;
using System.Text.Json.Nodes;
using Sluice.Api.Manifests;
using Sluice.Cli.Check;
using Sluice.Injection;
using Sluice.Testing;
using Sluice.Testing.Certificates;
using Sluice.Testing.Cluster;

namespace Sluice.Cli.Tests.Check;

/// <summary>
/// A cluster with what deploy/manifests installs, all of it at work: two nodes, a namespace that is opted in, a dataset that it may
/// mount. Each test breaks what it is about.
/// </summary>
internal sealed class SampleCluster : IAsyncDisposable
{
    public const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    public const string Mutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    public const string Validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    public const string Deployments = "/apis/apps/v1/deployments";
    public const string Secrets = "/api/v1/secrets";
    public const string Namespaces = "/api/v1/namespaces";
    public const string Nodes = "/api/v1/nodes";
    public const string Pods = "/api/v1/pods";
    public const string CsiNodes = "/apis/storage.k8s.io/v1/csinodes";
    public const string LimitRanges = "/api/v1/limitranges";
    public const string Datasets = "/apis/sluice.io/v1alpha1/datasets";
    public const string Profiles = "/apis/sluice.io/v1alpha1/runtimeprofiles";
    public const string Policies = "/apis/sluice.io/v1alpha1/tenantpolicies";

    private readonly string _directory = Directory.CreateTempSubdirectory("sluice-check-").FullName;

    private SampleCluster(ApiServerDouble server) => Server = server;

    public ApiServerDouble Server { get; }

    /// <summary>Signs the webhook's certificate. Far dates, so that output does not depend on the day.</summary>
    public ThrowawayAuthority Authority { get; } = new("webhook", new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2049, 12, 31, 0, 0, 0, TimeSpan.Zero));

    public static async Task<SampleCluster> StartAsync()
    {
        var cluster = new SampleCluster(await ApiServerDouble.StartAsync());
        await File.WriteAllTextAsync(cluster.Kubeconfig, cluster.Server.Kubeconfig);
        cluster.Install();
        cluster.PutNode("a", "v1.33.2", "6.8.0-40-generic");
        cluster.PutNode("b", "v1.33.2", "6.8.0-40-generic");
        cluster.PutNamespace("vision", """{"sluice.io/injection":"enabled","pod-security.kubernetes.io/enforce":"restricted","kubernetes.io/metadata.name":"vision"}""");
        cluster.Put(Profiles, """
            {"apiVersion":"sluice.io/v1alpha1","kind":"RuntimeProfile","metadata":{"name":"rclone"},
             "spec":{"schemes":["s3"],"fuse":{"image":"rclone:1","command":["rclone","${mountpoint}"],"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"1Gi"}}}}}
            """);
        cluster.PutDataset("imagenet");
        return cluster;
    }

    /// <summary>A file.</summary>
    public string Kubeconfig => Path.Combine(_directory, "kubeconfig");

    /// <summary>One run of <c>sluice check</c> against this cluster.</summary>
    public Task<CommandRun> CheckAsync(params string[] arguments) => CommandRun.OfAsync(["check", "--kubeconfig", Kubeconfig, .. arguments]);

    public void Put(string collection, string json) => Server.Store.Put(collection, json);

    public void PutNode(string name, string kubelet, string kernel, string taints = "[]", bool mounter = true)
    {
        Put(Nodes, $$$"""
            {"metadata":{"name":"{{{name}}}"},"spec":{"taints":{{{taints}}}},
             "status":{"nodeInfo":{"operatingSystem":"linux","kubeletVersion":"{{{kubelet}}}","kernelVersion":"{{{kernel}}}"},"conditions":[{"type":"Ready","status":"True"}]}}
            """);
        if (!mounter)
            return;
        Put(CsiNodes, $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"drivers":[{"name":"csi.sluice.io"}]}}""");
        Put(Pods, $$$"""
            {"metadata":{"name":"sluice-mounter-{{{name}}}","namespace":"sluice-system","labels":{"app.kubernetes.io/name":"sluice-mounter"}},
             "spec":{"nodeName":"{{{name}}}"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}
            """);
    }

    public void PutNamespace(string name, string labels) => Put(Namespaces, $$$"""{"metadata":{"name":"{{{name}}}","labels":{{{labels}}}}}""");

    public void PutDataset(string name, string spec = "", string ns = "vision") => Put(Datasets, $$$"""
        {"apiVersion":"sluice.io/v1alpha1","kind":"Dataset","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}"},"spec":{"source":{"uri":"s3://bucket/{{{name}}}"}{{{spec}}}}}
        """);

    /// <summary>Changes an object that is there.</summary>
    public void Change(string collection, string? ns, string name, Action<JsonObject> change)
    {
        var value = Server.Store.Find(collection, ns, name)!;
        change(value);
        Put(collection, value.ToJsonString());
    }

    /// <summary>Whoever asks may not.</summary>
    public void Forbid(string method, string path) => Server.Always(r => r.Method == method && r.Path == path, _ => (403, ApiStatus.Json(
        403, "Forbidden", $"{path[(path.LastIndexOf('/') + 1)..]} is forbidden: User \"eve\" cannot do that at the cluster scope")));

    /// <summary>What becomes of the pod of a dry run, in the place of what the webhook's core makes of it.</summary>
    public void Admit(Func<JsonObject, (int Status, string Body)> admit) => Server.Always(
        r => r.Method == "POST" && r.Path.EndsWith("/pods", StringComparison.Ordinal) && r.Query.GetValueOrDefault("dryRun") == "All",
        r => admit(JsonNode.Parse(r.Body)!.AsObject()));

    /// <summary>The pod as the webhook leaves it.</summary>
    public JsonObject Inject(JsonObject pod)
    {
        var outcome = PodTarget.In(pod, "default").Single().Decide(Catalog.Of(Resources()));
        Assert.Null(outcome.Denial);
        PatchApplier.Apply(pod, outcome.Patch!.Value);
        return pod;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>What the webhook's own watch would have.</summary>
    private List<object> Resources()
    {
        (string Collection, string? Namespace, string Name)[] known = [(Profiles, null, "rclone"), (Datasets, "vision", "imagenet"), (Namespaces, null, "vision")];
        return known.Select(k => Server.Store.Find(k.Collection, k.Namespace, k.Name)!).Select(item =>
        {
            item["apiVersion"] ??= "v1";
            item["kind"] ??= "Namespace";
            return ManifestReader.ReadJson("store", Encoding.UTF8.GetBytes(item.ToJsonString()), UnknownFields.Skip).Objects.Single().Resource;
        }).ToList();
    }

    /// <summary>The manifests, with what the cluster and the webhook itself write into them.</summary>
    private void Install()
    {
        var (certificate, _) = Authority.Issue("sluice-webhook.sluice-system.svc");
        foreach (var item in Manifests())
        {
            switch ((string)item["kind"]!)
            {
                case "CustomResourceDefinition":
                    item["status"] = JsonNode.Parse("""{"conditions":[{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}""");
                    Put(Definitions, item.ToJsonString());
                    break;
                case "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration":
                    foreach (var entry in item["webhooks"]!.AsArray())
                        entry!["clientConfig"]!["caBundle"] = Base64(Authority.Pem);
                    Put((string)item["kind"]! == "MutatingWebhookConfiguration" ? Mutating : Validating, item.ToJsonString());
                    break;
                case "Deployment":
                    item["status"] = JsonNode.Parse("""{"readyReplicas":2,"conditions":[{"type":"Available","status":"True"}]}""");
                    Put(Deployments, item.ToJsonString());
                    break;
                case "Secret":
                    item["data"] = new JsonObject { ["tls.crt"] = Base64(certificate) };
                    Put(Secrets, item.ToJsonString());
                    break;
                case "Namespace":
                    Put(Namespaces, item.ToJsonString());
                    break;
            }
        }
        Server.Always(r => r.Path == "/version", _ => (200, """{"major":"1","minor":"33","gitVersion":"v1.33.2"}"""));
        Server.Always(r => r.Path == "/apis/authorization.k8s.io/v1/subjectaccessreviews", _ => (201, """{"status":{"allowed":true}}"""));
        Admit(pod => (201, Inject(pod).ToJsonString()));
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    /// <summary>Every object in deploy/manifests/crds and deploy/manifests/webhook.</summary>
    public static IEnumerable<JsonObject> Manifests() =>
        from directory in (string[])["crds", "webhook"]
        from file in Directory.GetFiles(Repository.PathOf("deploy", "manifests", directory), "*.yaml").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)
        where file != "kustomization.yaml"
        from item in Manifests(directory, file)
        select item;

    public static IEnumerable<JsonObject> Manifests(string directory, string file) =>
        YamlDocuments.Read(File.ReadAllText(Repository.PathOf("deploy", "manifests", directory, file))).Documents.Select(d => JsonNodes.Parse(d.Json)!.AsObject());
}
