using System.Text.Json.Nodes;

namespace Sluice.Webhook.Tests;

/// <summary>AdmissionReviews as an API server sends them.</summary>
internal static class Reviews
{
    public const string Uid = "705ab4f5-6393-11e8-b7cc-42010a800002";

    /// <summary>A pod's creation, changed by <paramref name="change"/> (which gets the root).</summary>
    public static string Create(Action<JsonNode>? change = null)
    {
        var review = JsonNode.Parse(Text)!;
        change?.Invoke(review);
        return review.ToJsonString();
    }

    public static string Request(Action<JsonNode> change) => Create(review => change(review["request"]!));

    private const string Text = """
        {
          "kind": "AdmissionReview",
          "apiVersion": "admission.k8s.io/v1",
          "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "trainer",
            "namespace": "vision",
            "operation": "CREATE",
            "userInfo": {"username": "ann", "groups": ["system:authenticated"]},
            "object": {
              "kind": "Pod",
              "apiVersion": "v1",
              "metadata": {"name": "trainer", "labels": {"sluice.io/dataset": "imagenet"}},
              "spec": {
                "containers": [{"name": "train", "image": "trainer:1", "env": [{"name": "PASSWORD", "value": "s3cret-value"}]}]
              }
            },
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}
          }
        }
        """;
}
