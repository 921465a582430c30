using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Api;
using Sluice.Testing.Manifests;
using Sluice.Testing.PodSecurity;

namespace Sluice.Manifests.Tests.Running;

/// <summary>The webhook in a cluster: unprivileged, there twice, and stopped without a failed admission.</summary>
public sealed partial class DeploymentTests
{
    // Source: src/Webhook/WebhookHost.cs, FinishTimeout: how long requests in flight may take after the listener closed.
    private const int FinishSeconds = 30;

    public static TheoryData<string> Roots => [.. Kustomization.Roots];

    [Theory]
    [MemberData(nameof(Roots))]
    public void Its_pods_pass_the_restricted_standard_that_their_namespace_enforces(string root)
    {
        var items = Kustomization.Render(root);
        Assert.Equal("restricted", Yaml.Text(items.Find("Namespace", "sluice-system")["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]));
        var template = Template(items);
        Assert.Empty(PodSecurityStandard.Restricted(JsonElement.Parse(template.ToJsonString())));
        Assert.All(Containers(template), c => Assert.True(c["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>()));
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public void One_replica_may_go_at_any_time(string root)
    {
        var items = Kustomization.Render(root);
        var spec = items.Find("Deployment", "sluice-webhook")["spec"]!;
        Assert.True(spec["replicas"]!.GetValue<int>() >= 2);
        Assert.Equal("""{"maxSurge":1,"maxUnavailable":0}""", spec["strategy"]!["rollingUpdate"]!.ToJsonString());
        Assert.Equal("system-cluster-critical", Yaml.Text(Template(items)["spec"]!["priorityClassName"]));
        Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], Template(items)["spec"]!["topologySpreadConstraints"]!.AsArray().Select(t => Yaml.Text(t!["topologyKey"])), StringComparer.Ordinal);
        var budget = items.Find("PodDisruptionBudget", "sluice-webhook")["spec"]!;
        Assert.Equal(1, budget["maxUnavailable"]!.GetValue<int>());
        foreach (var selector in new[] { spec["selector"]!, budget["selector"]!, Template(items)["spec"]!["topologySpreadConstraints"]![0]!["labelSelector"]!, items.Find("NetworkPolicy", "sluice-webhook")["spec"]!["podSelector"]! })
            AssertSelects(selector["matchLabels"]!.AsObject(), Template(items));
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public void It_has_time_to_leave_the_Service_and_to_finish_what_is_in_flight(string root)
    {
        var template = Template(Kustomization.Render(root));
        var container = Containers(template).Single();
        var delay = Delay().Match(Arguments(container)).Groups["seconds"].Value;
        var seconds = int.Parse(delay, System.Globalization.CultureInfo.InvariantCulture);
        var readiness = container["readinessProbe"]!;
        Assert.True(seconds >= 2 * readiness["periodSeconds"]!.GetValue<int>() * readiness["failureThreshold"]!.GetValue<int>(), "Services must hear of it before the listener closes");
        Assert.True(template["spec"]!["terminationGracePeriodSeconds"]!.GetValue<int>() >= seconds + FinishSeconds + 5);
        Assert.Null(container["lifecycle"]); // the process waits by itself
    }

    [Theory]
    [MemberData(nameof(Roots))]
    public void Ports_and_services_lead_to_the_process(string root)
    {
        var items = Kustomization.Render(root);
        var ports = Containers(Template(items)).Single()["ports"]!.AsArray().ToDictionary(p => Yaml.Text(p!["name"]), p => p!["containerPort"]!.GetValue<int>(), StringComparer.Ordinal);
        Assert.Equal(8443, ports["webhook"]); // defaults of --listen and --metrics-listen
        Assert.Equal(9443, ports["metrics"]);
        foreach (var service in items.Where(i => Yaml.Text(i["kind"]) == "Service"))
        {
            AssertSelects(service["spec"]!["selector"]!.AsObject(), Template(items));
            Assert.All(service["spec"]!["ports"]!.AsArray(), p => Assert.Contains(Yaml.Text(p!["targetPort"]), ports));
        }
        foreach (var kind in (string[])["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
        {
            foreach (var webhook in items.Find(kind, "sluice-webhook")["webhooks"]!.AsArray())
            {
                var target = webhook!["clientConfig"]!["service"]!;
                var service = items.Find("Service", Yaml.Text(target["name"]));
                Assert.Equal(Yaml.Text(service["metadata"]!["namespace"]), Yaml.Text(target["namespace"]));
                Assert.Contains(service["spec"]!["ports"]!.AsArray(), p => p!["port"]!.GetValue<int>() == target["port"]!.GetValue<int>());
            }
        }
        Assert.All(items.Find("NetworkPolicy", "sluice-webhook")["spec"]!["ingress"]!.AsArray().SelectMany(i => i!["ports"]!.AsArray()), p => Assert.Contains(Yaml.Text(p!["port"]), ports));
    }

    [Fact]
    public void Anybody_may_reach_the_webhook_and_only_labelled_namespaces_its_metrics()
    {
        var ingress = Kustomization.Render("").Find("NetworkPolicy", "sluice-webhook")["spec"]!["ingress"]!.AsArray();
        Assert.Equal("""[{"ports":[{"port":"webhook"}]},{"ports":[{"port":"metrics"}],"from":[{"namespaceSelector":{"matchLabels":{"sluice.io/metrics":"enabled"}}}]}]""", ingress.ToJsonString());
    }

    [Fact]
    public async Task Its_flags_are_flags_of_the_program()
    {
        var help = await WebhookProcess.HelpAsync();
        Assert.All(
            Kustomization.Roots.SelectMany(r => Containers(Template(Kustomization.Render(r)))).SelectMany(c => c["args"]!.AsArray().Select(Yaml.Text)).Distinct(StringComparer.Ordinal),
            flag => Assert.Contains(flag.Split('=')[0], help, StringComparison.Ordinal));
    }

    [Fact]
    public void With_cert_manager_it_reads_files_and_may_touch_neither_Secrets_nor_configurations()
    {
        var items = Kustomization.Render("overlays/cert-manager");
        var plain = Kustomization.Render("");
        Assert.StartsWith(Arguments(Containers(Template(plain)).Single()) + " ", Arguments(Containers(Template(items)).Single()), StringComparison.Ordinal);
        Assert.Equal(
            plain.Select(Yaml.FullName).Where(n => n.EndsWith("sluice-webhook-certificates", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            plain.Select(Yaml.FullName).Except(items.Select(Yaml.FullName), StringComparer.Ordinal).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        var volume = Template(items)["spec"]!["volumes"]!.AsArray().Single(v => v!["secret"] is not null)!;
        var certificate = items.Find("Certificate", "sluice-webhook");
        Assert.Equal(Yaml.Text(certificate["spec"]!["secretName"]), Yaml.Text(volume["secret"]!["secretName"]));
        Assert.Contains("sluice-webhook.sluice-system.svc", certificate["spec"]!["dnsNames"]!.AsArray().Select(Yaml.Text), StringComparer.Ordinal);
        foreach (var kind in (string[])["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
            Assert.Equal("sluice-system/sluice-webhook", Yaml.Text(items.Find(kind, "sluice-webhook")["metadata"]!["annotations"]!["cert-manager.io/inject-ca-from"]));
    }

    private static JsonObject Template(IReadOnlyList<JsonObject> items) => items.Find("Deployment", "sluice-webhook")["spec"]!["template"]!.AsObject();

    private static IEnumerable<JsonObject> Containers(JsonObject template) => template["spec"]!["containers"]!.AsArray().Select(c => c!.AsObject());

    private static string Arguments(JsonObject container) => string.Join(' ', container["args"]!.AsArray().Select(Yaml.Text));

    private static void AssertSelects(JsonObject matchLabels, JsonObject template)
    {
        var labels = template["metadata"]!["labels"]!.Deserialize(ApiJson.Default.DictionaryStringString)!;
        Assert.NotEmpty(matchLabels);
        Assert.True(new LabelSelector { MatchLabels = matchLabels.Deserialize(ApiJson.Default.DictionaryStringString)! }.Matches(labels));
    }

    [GeneratedRegex(@"--shutdown-delay=(?<seconds>\d+)s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Delay();
}
