using System.Text.Json.Nodes;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests;

public sealed class InstalledManifestsTests
{
    [Theory]
    [InlineData("MutatingWebhookConfiguration", 4, "/mutate")]
    [InlineData("ValidatingWebhookConfiguration", 1, "/validate")]
    public void A_configuration_calls_the_test_and_is_otherwise_as_it_is_shipped(string kind, int entries, string path)
    {
        var shipped = Kustomization.Render("").Find(kind, "sluice-webhook");
        var installed = InstalledManifests.CallingUrl(kind, "1f", new Uri("https://10.1.2.3:8443"), "PEM");
        Assert.Equal("sluice-1f", Yaml.Text(installed["metadata"]!["name"]));
        Assert.Equal(entries, installed["webhooks"]!.AsArray().Count);
        foreach (var (webhook, other) in installed["webhooks"]!.AsArray().Zip(shipped["webhooks"]!.AsArray()))
        {
            Assert.Equal($$"""{"url":"https://10.1.2.3:8443{{path}}","caBundle":"UEVN"}""", webhook!["clientConfig"]!.ToJsonString());
            AssertNarrowed(webhook["namespaceSelector"]!);
            webhook["clientConfig"] = other!["clientConfig"]!.DeepClone();
            if (other["namespaceSelector"] is null)
                webhook.AsObject().Remove("namespaceSelector");
            else
                webhook["namespaceSelector"]!["matchExpressions"]!.AsArray().RemoveAt(webhook["namespaceSelector"]!["matchExpressions"]!.AsArray().Count - 1);
            Assert.True(JsonNode.DeepEquals(other, webhook), webhook.ToJsonString());
        }
    }

    [Fact]
    public void A_configuration_calls_a_Service_under_whose_name_the_webhook_finds_it()
    {
        var installed = InstalledManifests.CallingService("MutatingWebhookConfiguration", "1f", "vision-1f", "webhook-1f", 40123);
        Assert.Equal("webhook-1f", Yaml.Text(installed["metadata"]!["name"]));
        Assert.All(installed["webhooks"]!.AsArray(), w => Assert.Equal(
            """{"service":{"namespace":"vision-1f","name":"webhook-1f","path":"/mutate","port":40123}}""", w!["clientConfig"]!.ToJsonString()));
    }

    [Fact]
    public void Every_policy_is_narrowed_and_every_binding_as_it_is()
    {
        var installed = InstalledManifests.Policies("1f").ToList();
        Assert.Equal(
            ["late-labels.sluice.io", "late-labels.sluice.io", "pods.sluice.io", "pods.sluice.io", "running-pods.sluice.io", "running-pods.sluice.io"],
            installed.Select(i => Yaml.Text(i["metadata"]!["name"])).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(installed.Where(i => Yaml.Text(i["kind"]) == "ValidatingAdmissionPolicy"), p => AssertNarrowed(p["spec"]!["matchConstraints"]!["namespaceSelector"]!));
    }

    [Theory]
    [InlineData("172.17.0.1", "Service Endpoints")]
    [InlineData("127.0.0.1", "Service")]
    [InlineData("desk.example.org", "Service")]
    public void A_Service_leads_to_the_port_of_the_test(string host, string kinds)
    {
        var items = InstalledManifests.Service("vision-1f", "webhook-1f", host, 40123).ToList();
        Assert.Equal(kinds, string.Join(' ', items.Select(i => Yaml.Text(i["kind"]))));
        Assert.All(items, i => Assert.Equal("webhook-1f", Kinds.Target(i).Name));
        Assert.Contains(items, i => i.ToJsonString().Contains($"\"{host}\"", StringComparison.Ordinal));
        if (items.Count == 1)
            Assert.Equal("ExternalName", Yaml.Text(items[0]["spec"]!["type"]));
        else
            Assert.Equal(40123, items[0]["spec"]!["ports"]![0]!["port"]!.GetValue<int>());
    }

    private static void AssertNarrowed(JsonNode selector) =>
        Assert.Equal("""{"key":"tests.sluice.io/area","operator":"In","values":["1f"]}""", selector["matchExpressions"]!.AsArray()[^1]!.ToJsonString());
}
