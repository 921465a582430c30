using System.Text.Json.Nodes;
using Sluice.Cli.Check;

namespace Sluice.Cli.Tests.Check;

/// <summary>The names that are known here are those that deploy/manifests installs.</summary>
public sealed class InstalledTests
{
    [Fact]
    public void The_entries_are_those_of_the_webhook_configurations()
    {
        Assert.Equal(Installed.MutatingEntries, Entries("MutatingWebhookConfiguration").Select(e => (string)e["name"]!), StringComparer.Ordinal);
        Assert.Equal(Installed.ValidatingEntries, Entries("ValidatingWebhookConfiguration").Select(e => (string)e["name"]!), StringComparer.Ordinal);
    }

    [Fact]
    public void The_namespaces_that_are_never_injected_are_those_that_no_entry_selects() => Assert.All(
        Entries("MutatingWebhookConfiguration"),
        e => Assert.Equal(
            Installed.ExcludedNamespaces,
            e["namespaceSelector"]!["matchExpressions"]!.AsArray().Single(x => (string)x!["key"]! == "kubernetes.io/metadata.name" && (string)x["operator"]! == "NotIn")!["values"]!.AsArray().Select(v => (string)v!),
            StringComparer.Ordinal));

    [Fact]
    public void The_kinds_are_those_of_the_definitions() => Assert.Equal(
        SampleCluster.Manifests().Where(m => (string)m["kind"]! == "CustomResourceDefinition").Select(d => (Name: (string)d["metadata"]!["name"]!, Namespaced: (string)d["spec"]!["scope"]! == "Namespaced")).OrderBy(d => d.Name, StringComparer.Ordinal),
        Installed.Kinds.Select(k => (Name: k.ToString(), k.Namespaced)).OrderBy(k => k.Name, StringComparer.Ordinal));

    [Theory]
    [InlineData("Deployment", Installed.Webhook)]
    [InlineData("Service", Installed.Webhook)]
    [InlineData("ServiceAccount", Installed.Webhook)]
    [InlineData("Secret", Installed.Certificates)]
    public void Objects_are_where_they_are_looked_for(string kind, string name) => Assert.Contains(
        SampleCluster.Manifests(), m => (string)m["kind"]! == kind && (string)m["metadata"]!["name"]! == name && (string)m["metadata"]!["namespace"]! == Installed.Namespace);

    private static IEnumerable<JsonObject> Entries(string kind) =>
        SampleCluster.Manifests().Single(m => (string)m["kind"]! == kind)["webhooks"]!.AsArray().Select(e => e!.AsObject());
}
