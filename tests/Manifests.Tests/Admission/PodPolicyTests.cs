using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Manifests.Tests.Rendering;
using Sluice.Testing.Golden;

namespace Sluice.Manifests.Tests.Admission;

/// <summary>
/// The admission policies hold what the webhook admits to be right, and what somebody wrote by hand or changed behind it to
/// be wrong. Their CEL is evaluated here without a cluster.
/// </summary>
public sealed class PodPolicyTests
{
    private const string Namespace = "vision";

    public static TheoryData<string> Admitted =>
        [.. GoldenFiles.Cases.Select(GoldenCase.Read).Where(c => c.Operation == "CREATE" && !File.Exists(c.PathOf(GoldenExpectation.DenialFile))).Select(c => c.Name)];

    public static TheoryData<string, string> Forgeries => new(Changes.Select(c => (c.About, c.Says)));

    public static TheoryData<string, string> Updates => new(UpdatesOfPods.Select(c => (c.About, c.Says)));

    [Theory]
    [MemberData(nameof(Admitted))]
    public void A_pod_that_the_webhook_admits_passes(string name)
    {
        var test = GoldenCase.Read(name);
        var pod = JsonNode.Parse((GoldenExpectation.ExpectedPod(test) ?? test.Pod).GetRawText())!.AsObject();
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", test.Namespace, WithoutNulls(pod)) { NamespaceLabels = LabelsOf(test.Namespace) }));
    }

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void A_pod_that_pretends_is_refused(string about, string says)
    {
        var pod = Pod();
        Changes.Single(c => c.About == about).Change(pod);
        var messages = AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod));
        Assert.True(messages.Any(m => m.StartsWith($"pods.sluice.io: {says}", StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [Theory]
    [MemberData(nameof(Updates))]
    public void A_change_of_a_running_pod_is_refused_or_warned_of(string about, string says)
    {
        var (_, resource, change, _) = UpdatesOfPods.Single(c => c.About == about);
        var pod = Pod();
        change(pod);
        var messages = AdmissionPolicy.Check(new PodAdmission("UPDATE", resource, Namespace, pod) { Old = Pod() });
        if (says.Length == 0)
            Assert.Empty(messages);
        else
            Assert.Contains(messages, m => m.StartsWith(says, StringComparison.Ordinal));
    }

    [Fact]
    public void The_pod_that_forgeries_begin_with_is_right() =>
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, Pod())));

    [Fact]
    public void Pods_of_excluded_namespaces_are_left_alone()
    {
        var pod = Pod();
        pod["spec"]!.AsObject().Remove("initContainers");
        Assert.NotEmpty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod)));
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", "kube-system", pod)));
    }

    [Fact]
    public void An_opted_in_namespace_has_its_pods_judged_and_needs_no_label()
    {
        var pod = WithoutCsi();
        Assert.Contains(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod)), m => m.Contains("nothing in this pod asks", StringComparison.Ordinal));
        Assert.Empty(AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod) { NamespaceLabels = new JsonObject { [Names.InjectionLabel] = Names.InjectionEnabled } }));
    }

    [Fact]
    public void Every_policy_is_bound_and_denies_but_for_the_one_that_warns()
    {
        var bindings = Kustomization.Render("").Where(i => Yaml.Text(i["kind"]) == "ValidatingAdmissionPolicyBinding").ToDictionary(i => Yaml.Text(i["spec"]!["policyName"]), StringComparer.Ordinal);
        Assert.Equal(AdmissionPolicy.All.Select(p => p.Name).Order(StringComparer.Ordinal), bindings.Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(bindings, b => Assert.Equal(b.Key == "late-labels.sluice.io" ? """["Warn"]""" : """["Deny"]""", b.Value["spec"]!["validationActions"]!.ToJsonString()));
    }

    /// <summary>The names that the rules know are those that the injection writes.</summary>
    [Fact]
    public void Names_in_the_rules_are_the_names_of_the_product()
    {
        var text = string.Join('\n', AdmissionPolicy.All.SelectMany(p => p.Expressions));
        string[] names =
        [
            $"'{Names.ReservedPrefix}'", $"'{Names.CsiDriver}'", $"'{Names.RelayBinary}'", $"'{Names.DatasetLabel}'", $"'{Names.InjectLabel}'",
            $"'{Names.InjectionLabel}'", $"'{Names.InjectionEnabled}'", $"'{Names.DatasetsAnnotation}'", $"'{Names.VolumeAttributes.RoleData}'", $"'{Names.VolumeAttributes.RoleSession}'",
        ];
        Assert.All(names, n => Assert.Contains(n, text, StringComparison.Ordinal));
    }

    private static readonly (string About, Action<JsonObject> Change, string Says)[] Changes =
    [
        ("a volume of the driver without a sidecar", p => p["spec"]!.AsObject().Remove("initContainers"), "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        ("a volume of the driver for another dataset", p => Volume(p, "sluice-imagenet")["csi"]!["volumeAttributes"]!["dataset"] = "nlp/secret", "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        ("a volume of the driver without attributes", p => Volume(p, "sluice-imagenet")["csi"]!.AsObject().Remove("volumeAttributes"), "volume \"sluice-imagenet\" of driver csi.sluice.io has no sidecar"),
        ("a second volume of the driver for another namespace's dataset", p => Volumes(p).Add(Csi("mine", "nlp/secret", "data")), "volume \"mine\" of driver csi.sluice.io has no sidecar"),
        ("a session under a name of one's own", p => Volumes(p).Add(Csi("mine", "vision/imagenet", "session")), "volume \"mine\" has a role other than data"),
        ("a role that nobody knows", p => Volumes(p).Add(Csi("mine", "vision/imagenet", "admin")), "volume \"mine\" has a role other than data"),
        ("a sidecar that is an ordinary init container", p => Sidecar(p).Remove("restartPolicy"), "init container \"sluice-imagenet\" uses the prefix"),
        ("a sidecar that runs something else", p => Sidecar(p)["command"] = new JsonArray("/bin/sh", "-c", "cat", "x", "y"), "init container \"sluice-imagenet\" uses the prefix"),
        ("a sidecar without a command", p => Sidecar(p).Remove("command"), "init container \"sluice-imagenet\" uses the prefix"),
        ("a second sidecar without a session", p => InitContainers(p).Add(Renamed(Sidecar(p), "sluice-other")), "init container \"sluice-other\" uses the prefix"),
        ("a sidecar whose session is an emptyDir", p => { Volume(p, "sluice-imagenet--session").Remove("csi"); Volume(p, "sluice-imagenet--session")["emptyDir"] = new JsonObject(); }, "init container \"sluice-imagenet\" uses the prefix"),
        ("a container with the prefix", p => Container(p)["name"] = "sluice-app", "a container uses the prefix"),
        ("a container that mounts the session", p => Mount(Container(p), "sluice-imagenet--session"), "container \"app\" mounts a volume that belongs to a sidecar"),
        ("a container that mounts the state", p => Mount(Container(p), "sluice-imagenet--state"), "container \"app\" mounts a volume that belongs to a sidecar"),
        ("a container that mounts the credentials", p => Mount(Container(p), "sluice-imagenet--auth"), "container \"app\" mounts a volume that belongs to a sidecar"),
        ("a container that mounts the cache", p => Mount(Container(p), "sluice-imagenet--cache"), "container \"app\" mounts a volume that belongs to a sidecar"),
        ("a container that mounts the cover of the token", p => Mount(Container(p), "sluice--empty"), "container \"app\" mounts a volume that belongs to a sidecar"),
        ("an init container that mounts the session", p => InitContainers(p).Add(WithMount("setup", "sluice-imagenet--session")), "init container \"setup\" mounts a volume that belongs to a sidecar"),
        ("an init container that mounts the credentials", p => InitContainers(p).Add(WithMount("setup", "sluice-imagenet--auth")), "init container \"setup\" mounts a volume that belongs to a sidecar"),
        ("an init container that mounts the cover of the token", p => InitContainers(p).Add(WithMount("setup", "sluice--empty")), "init container \"setup\" mounts a volume that belongs to a sidecar"),
        ("reserved names in a pod that asks for nothing", p => Replace(p, WithoutCsi()), "names that start with \"sluice-\" are reserved"),
    ];

    private static readonly (string About, string Resource, Action<JsonObject> Change, string Says)[] UpdatesOfPods =
    [
        ("nothing", "pods", _ => { }, ""),
        ("an image of the app", "pods", p => Container(p)["image"] = "app:2", ""),
        ("an annotation of somebody", "pods", p => p["metadata"]!["annotations"]!["example.org/x"] = "y", ""),
        ("resources of the app", "pods/resize", p => Container(p)["resources"] = new JsonObject { ["limits"] = new JsonObject { ["cpu"] = "2" } }, ""),
        ("an ephemeral container that looks at the data", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet")), ""),
        ("the image of a sidecar", "pods", p => Sidecar(p)["image"] = "evil:1", "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        ("a sidecar that goes away", "pods", p => p["spec"]!.AsObject().Remove("initContainers"), "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        ("resources of a sidecar", "pods/resize", p => Sidecar(p)["resources"]!["limits"]!["memory"] = "8Gi", "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        ("no resources of a sidecar", "pods/resize", p => Sidecar(p).Remove("resources"), "running-pods.sluice.io: image and resources of sidecar \"sluice-imagenet\" cannot be changed"),
        ("an ephemeral container with the session", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet--session")), "running-pods.sluice.io: ephemeral container \"debug\" uses a name or a volume"),
        ("an ephemeral container with the credentials", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("debug", "sluice-imagenet--auth")), "running-pods.sluice.io: ephemeral container \"debug\" uses a name or a volume"),
        ("an ephemeral container with our name", "pods/ephemeralcontainers", p => p["spec"]!["ephemeralContainers"] = new JsonArray(WithMount("sluice-debug", "tmp")), "running-pods.sluice.io: ephemeral container \"sluice-debug\" uses a name or a volume"),
        ("another dataset", "pods", p => p["metadata"]!["labels"]![Names.DatasetLabel] = "other", "late-labels.sluice.io: label sluice.io/dataset of a running pod changes nothing"),
        ("more datasets", "pods", p => p["metadata"]!["annotations"]![Names.DatasetsAnnotation] = "other", "late-labels.sluice.io: annotation sluice.io/datasets of a running pod changes nothing"),
    ];

    /// <summary>All that the policies say to the forgeries and updates above.</summary>
    internal static IEnumerable<string> Messages()
    {
        foreach (var (_, change, _) in Changes)
        {
            var pod = Pod();
            change(pod);
            foreach (var message in AdmissionPolicy.Check(new PodAdmission("CREATE", "pods", Namespace, pod)))
                yield return message;
        }
        foreach (var (_, resource, change, _) in UpdatesOfPods)
        {
            var pod = Pod();
            change(pod);
            foreach (var message in AdmissionPolicy.Check(new PodAdmission("UPDATE", resource, Namespace, pod) { Old = Pod() }))
                yield return message;
        }
    }

    /// <summary>The golden answer to the simplest ask.</summary>
    private static JsonObject Pod() => JsonNode.Parse(GoldenExpectation.ExpectedPod(GoldenCase.Read("ask/label"))!.Value.GetRawText())!.AsObject();

    /// <summary>What a tenant could write who wants the Shared delivery without being asked about it.</summary>
    private static JsonObject WithoutCsi()
    {
        var pod = Pod();
        pod["metadata"]!.AsObject().Remove("labels");
        var sidecar = Sidecar(pod);
        sidecar["command"]![1] = "mount";
        foreach (var volume in Volumes(pod).Where(v => v!["csi"] is not null).ToList())
        {
            volume!.AsObject().Remove("csi");
            volume["hostPath"] = new JsonObject { ["path"] = Names.SharedHostPath };
        }
        return pod;
    }

    private static void Replace(JsonObject pod, JsonObject other)
    {
        pod.Clear();
        foreach (var (name, value) in other)
            pod[name] = value!.DeepClone();
    }

    private static JsonArray Volumes(JsonObject pod) => pod["spec"]!["volumes"]!.AsArray();

    private static JsonArray InitContainers(JsonObject pod) => pod["spec"]!["initContainers"]!.AsArray();

    private static JsonObject Sidecar(JsonObject pod) => InitContainers(pod)[0]!.AsObject();

    private static JsonObject Container(JsonObject pod) => pod["spec"]!["containers"]![0]!.AsObject();

    private static JsonObject Volume(JsonObject pod, string name) => Volumes(pod).Single(v => Yaml.Text(v!["name"]) == name)!.AsObject();

    private static JsonObject Csi(string name, string dataset, string role) => new()
    {
        ["name"] = name,
        ["csi"] = new JsonObject
        {
            ["driver"] = Names.CsiDriver,
            ["volumeAttributes"] = new JsonObject { ["dataset"] = dataset, ["role"] = role, ["access"] = "rw", ["admitted"] = "v1", ["profile"] = "plain" },
        },
    };

    private static JsonObject WithMount(string name, string volume)
    {
        var container = new JsonObject { ["name"] = name, ["image"] = "debug:1" };
        Mount(container, volume);
        return container;
    }

    private static void Mount(JsonObject container, string volume)
    {
        container["volumeMounts"] ??= new JsonArray();
        container["volumeMounts"]!.AsArray().Add(new JsonObject { ["name"] = volume, ["mountPath"] = "/stolen" });
    }

    private static JsonObject Renamed(JsonObject container, string name)
    {
        var copy = container.DeepClone().AsObject();
        copy["name"] = name;
        copy.Remove("volumeMounts");
        return copy;
    }

    private static JsonObject? LabelsOf(string nameSpace) =>
        GoldenCatalog.Objects.FirstOrDefault(o => o.Resource is Namespace && o.Metadata.Name == nameSpace) is { } found
            ? JsonSerializer.SerializeToNode(found.Metadata.Labels, ApiJson.Default.DictionaryStringString)!.AsObject()
            : null;

    /// <summary>An API server drops null members before anybody judges.</summary>
    private static JsonObject WithoutNulls(JsonObject value)
    {
        foreach (var (name, member) in value.ToList())
        {
            if (member is null)
                value.Remove(name);
            else if (member is JsonObject map)
                WithoutNulls(map);
            else if (member is JsonArray list)
                list.OfType<JsonObject>().ToList().ForEach(i => WithoutNulls(i));
        }
        return value;
    }
}
