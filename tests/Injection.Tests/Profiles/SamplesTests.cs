using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;

namespace Sluice.Injection.Tests.Profiles;

/// <summary>The samples do what their first lines say.</summary>
public sealed class SamplesTests
{
    private static readonly string Samples = Path.Combine(ShippedProfiles.Root, "deploy", "samples");
    private static readonly Catalog Catalog = ReadCatalog();

    [Theory]
    [InlineData("labelled.yaml", "vision/imagenet")]
    [InlineData("two-datasets.yaml", "vision/checkpoints vision/imagenet")]
    [InlineData("explicit-volume.yaml", "vision/imagenet")]
    [InlineData("opted-in.yaml", "nlp/corpora")]
    [InlineData("vllm.yaml", "models/llama nlp/corpora")]
    public void A_pod_gets_its_datasets(string file, string datasets)
    {
        var decision = Decide(file);
        Assert.True(decision.Kind == DecisionKind.Patch, decision.Message);
        Assert.Empty(decision.Warnings);
        Assert.Equal(datasets.Split(' '), decision.Datasets.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void The_guests_policy_refuses_to_write()
    {
        var decision = Decide("denied.yaml");
        Assert.Equal((DecisionKind.Deny, DecisionReason.Policy, 403), (decision.Kind, decision.Reason, decision.Code));
        Assert.Contains("guests", decision.Message, StringComparison.Ordinal);
        Assert.Contains("restricted-tenant/results", decision.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_research_policy_warns_of_too_many()
    {
        var decision = Decide("warned.yaml");
        Assert.True(decision.Kind == DecisionKind.Patch, decision.Message);
        Assert.Contains("research-advice", Assert.Single(decision.Warnings), StringComparison.Ordinal);
    }

    /// <summary>The shipped profiles and the samples pass the product's own validation, alone and together.</summary>
    [Fact]
    public void Nothing_that_is_shipped_is_invalid()
    {
        var manifests = Manifests().ToList();
        var objects = manifests.ConvertAll(m => m.Resource);
        Assert.Empty(manifests.SelectMany(ManifestValidation.Check));
        var together = CatalogValidation.Of(objects);
        Assert.Empty(objects.SelectMany(together.Check));
    }

    /// <summary>Every Dataset of the samples can be mounted in its own namespace, and the catalog holds all it names.</summary>
    [Fact]
    public void No_dataset_of_the_samples_is_broken()
    {
        foreach (var dataset in Objects().OfType<Dataset>())
        {
            var ns = dataset.Metadata.Namespace!;
            var pod = $$"""
                {"metadata": {"name": "p", "labels": {"sluice.io/inject": "true"}, "annotations": {"sluice.io/datasets": "{{dataset.Metadata.Name}}=/d"} }, "spec": {"containers": [{"name": "c", "image": "i"}]} }
                """;
            using var document = JsonDocument.Parse(pod);
            var decision = PodInjector.Decide(new PodRequest(document.RootElement, ns), Catalog, new ArrayBufferWriter<byte>());
            Assert.True(decision.Kind == DecisionKind.Patch, decision.Message);
        }
    }

    private static Decision Decide(string file)
    {
        var yaml = YamlDocuments.Read(File.ReadAllText(Path.Combine(Samples, "pods", file), Encoding.UTF8));
        Assert.Empty(yaml.Errors);
        var pod = JsonNode.Parse(Assert.Single(yaml.Documents).Json.Span)!;
        var ns = (string)pod["metadata"]!["namespace"]!;
        if ((string?)pod["kind"] != "Pod")
            pod = pod["spec"]!["template"]!;
        using var document = JsonDocument.Parse(pod.ToJsonString());
        return PodInjector.Decide(new PodRequest(document.RootElement, ns), Catalog, new ArrayBufferWriter<byte>());
    }

    private static Catalog ReadCatalog()
    {
        var objects = Objects();
        return Catalog.Of(objects);
    }

    private static List<object> Objects() => [.. Manifests().Select(o => o.Resource)];

    /// <summary>The whole directory as a catalog reader walks it, the link to the profiles included.</summary>
    private static IEnumerable<ManifestObject> Manifests() =>
        Directory.EnumerateFiles(Samples, "*.yaml", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .SelectMany(ShippedProfiles.Read);
}
