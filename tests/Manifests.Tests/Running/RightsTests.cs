using System.Text.Json.Nodes;
using Sluice.Testing.Cluster;
using Sluice.Testing.Manifests;

namespace Sluice.Manifests.Tests.Running;

/// <summary>What our accounts may do: each right has a use, and there is no other.</summary>
public sealed class RightsTests
{
    /// <summary>Right and use. <c>SCOPE VERB RESOURCE.GROUP[/NAME]</c>.</summary>
    private static readonly Dictionary<string, string> Uses = new(StringComparer.Ordinal)
    {
        ["cluster get datasets.sluice.io"] = "one live look when a pod names what the watch has not seen",
        ["cluster list datasets.sluice.io"] = "the catalog's first reading",
        ["cluster watch datasets.sluice.io"] = "the catalog follows",
        ["cluster get runtimes.sluice.io"] = "one live look",
        ["cluster list runtimes.sluice.io"] = "the catalog's first reading",
        ["cluster watch runtimes.sluice.io"] = "the catalog follows",
        ["cluster get runtimeprofiles.sluice.io"] = "one live look",
        ["cluster list runtimeprofiles.sluice.io"] = "the catalog's first reading",
        ["cluster watch runtimeprofiles.sluice.io"] = "the catalog follows",
        ["cluster list tenantpolicies.sluice.io"] = "the catalog's first reading",
        ["cluster watch tenantpolicies.sluice.io"] = "the catalog follows",
        ["cluster patch tenantpolicies/status.sluice.io"] = "how many namespaces a policy selects",
        ["cluster get namespaces"] = "one live look at a namespace that came with its first pod",
        ["cluster list namespaces"] = "sharing and policies select namespaces by their labels",
        ["cluster watch namespaces"] = "the same, as they change",
        ["cluster get mutatingwebhookconfigurations.admissionregistration.k8s.io/sluice-webhook"] = "is the authority in it?",
        ["cluster patch mutatingwebhookconfigurations.admissionregistration.k8s.io/sluice-webhook"] = "the authority, by server-side apply",
        ["cluster get validatingwebhookconfigurations.admissionregistration.k8s.io/sluice-webhook"] = "is the authority in it?",
        ["cluster patch validatingwebhookconfigurations.admissionregistration.k8s.io/sluice-webhook"] = "the authority, by server-side apply",
        ["sluice-system get secrets/sluice-webhook-certificates"] = "authority and serving certificate",
        ["sluice-system list secrets/sluice-webhook-certificates"] = "what a watch begins with, by its name",
        ["sluice-system watch secrets/sluice-webhook-certificates"] = "replicas take up what another renewed",
        ["sluice-system update secrets/sluice-webhook-certificates"] = "renewal, by whoever holds the lease",
        ["sluice-system create events.events.k8s.io"] = "certificates renewed, or not",
        ["sluice-system patch events.events.k8s.io"] = "an event that repeats is counted",
        ["sluice-system create leases.coordination.k8s.io"] = "the first election; a name cannot be demanded of what is created",
        ["sluice-system get leases.coordination.k8s.io/sluice-webhook-certificates"] = "elections",
        ["sluice-system update leases.coordination.k8s.io/sluice-webhook-certificates"] = "elections",
    };

    [Fact]
    public void The_webhook_has_the_rights_of_the_table_and_no_others() =>
        Assert.Equal(Uses.Keys.Order(StringComparer.Ordinal), RightsOf("", "sluice-webhook").Order(StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>Rights whose use takes more than a first pod and the first certificates.</summary>
    private static readonly string[] Rare =
    [
        "cluster get runtimes.sluice.io", "cluster get runtimeprofiles.sluice.io", "cluster get namespaces",
        "cluster patch tenantpolicies/status.sluice.io",
        "sluice-system patch events.events.k8s.io",
    ];

    [Fact]
    public async Task What_it_asks_of_an_API_server_its_rights_allow_and_nothing_is_left_over()
    {
        await using var webhook = await WebhookProcess.StartAsync();
        await webhook.ScrapeAsync(); // a pod that names what the catalog lacks
        var rights = RightsOf("", "sluice-webhook");
        // Watches begin behind the lists, and certificates are made known when the first are there.
        for (var i = 0; i < 1500 && Unused().Any(); i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Empty(Unused());
        Assert.Empty(webhook.Cluster.Requests.Where(r => !Needed(r).Any(n => rights.Contains(n, StringComparer.Ordinal))).Select(r => $"{r.Method} {r.Path}"));

        IEnumerable<string> Unused() => rights.Except(Rare, StringComparer.Ordinal).Except(webhook.Cluster.Requests.SelectMany(Needed), StringComparer.Ordinal);
    }

    /// <summary>The rights of which any allows a request: in the namespace or everywhere, for this name or for all.</summary>
    private static IEnumerable<string> Needed(RecordedRequest request)
    {
        var path = RequestPath.Parse(request.Path)!;
        var verb = request.Method switch
        {
            "GET" when path.Name is not null => "get",
            "GET" => request.Query.GetValueOrDefault("watch") == "true" ? "watch" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            _ => "delete",
        };
        // A list of the one object of a name is allowed by a right to that name.
        var name = path.Name ?? request.Query.GetValueOrDefault("fieldSelector")?.Replace("metadata.name=", "", StringComparison.Ordinal);
        var parts = path.Collection.Trim('/').Split('/');
        var kind = parts[^1] + (path.Subresource is null ? "" : "/" + path.Subresource) + (parts[0] == "apis" ? "." + parts[1] : "");
        foreach (var scope in (string?[])["cluster", path.Namespace])
        {
            if (scope is null)
                continue;
            yield return $"{scope} {verb} {kind}";
            if (name is not null)
                yield return $"{scope} {verb} {kind}/{name}";
        }
    }

    [Fact]
    public void Without_certificates_of_its_own_it_writes_what_policies_select_and_no_more() =>
        Assert.All(
            RightsOf("overlays/cert-manager", "sluice-webhook"),
            right => Assert.True(right.Split(' ')[1] is "get" or "list" or "watch" || right == "cluster patch tenantpolicies/status.sluice.io", right));

    [Theory]
    [InlineData("")]
    [InlineData("overlays/cert-manager")]
    [InlineData("overlays/monitoring")]
    public void No_rule_has_a_wildcard_or_reaches_all_Secrets(string root)
    {
        foreach (var role in Kustomization.Render(root).Where(i => Yaml.Text(i["kind"]) is "Role" or "ClusterRole"))
        {
            foreach (var rule in role["rules"]!.AsArray())
            {
                Assert.DoesNotContain("*", rule!.ToJsonString(), StringComparison.Ordinal);
                if (rule["resources"]!.ToJsonString().Contains("secrets", StringComparison.Ordinal))
                    Assert.True(Yaml.Text(role["kind"]) == "Role" && rule["resourceNames"]!.AsArray().Count > 0, Yaml.FullName(role));
            }
        }
    }

    [Fact]
    public void Teams_write_what_lives_in_their_namespace_and_never_profiles_or_policies()
    {
        foreach (var name in (string[])["sluice-view", "sluice-edit"])
        {
            var rights = Rights("any", Kustomization.Render("").Find("ClusterRole", name)).ToList();
            Assert.NotEmpty(rights);
            Assert.DoesNotContain(rights, r => r.Contains("profiles", StringComparison.Ordinal) || r.Contains("policies", StringComparison.Ordinal) || r.Contains("/status", StringComparison.Ordinal));
        }
    }

    private static List<string> RightsOf(string root, string account)
    {
        var items = Kustomization.Render(root);
        var rights = new List<string>();
        foreach (var binding in items.Where(i => Yaml.Text(i["kind"]) is "RoleBinding" or "ClusterRoleBinding"))
        {
            Assert.Equal("""[{"kind":"ServiceAccount","name":"sluice-webhook","namespace":"sluice-system"}]""", binding["subjects"]!.ToJsonString());
            Assert.NotNull(items.Find("ServiceAccount", account));
            var role = items.Find(Yaml.Text(binding["roleRef"]!["kind"]), Yaml.Text(binding["roleRef"]!["name"]));
            rights.AddRange(Rights(Yaml.Text(binding["kind"]) == "RoleBinding" ? Yaml.Text(binding["metadata"]!["namespace"]) : "cluster", role));
        }
        return rights;
    }

    private static IEnumerable<string> Rights(string scope, JsonObject role) =>
        from rule in role["rules"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        from kind in rule["resources"]!.AsArray()
        from suffix in rule["apiGroups"]!.AsArray()
        from name in rule["resourceNames"]?.AsArray() ?? [""]
        select $"{scope} {Yaml.Text(verb)} {Yaml.Text(kind)}{(Yaml.Text(suffix).Length == 0 ? "" : "." + Yaml.Text(suffix))}{(Yaml.Text(name).Length == 0 ? "" : "/" + Yaml.Text(name))}";
}
