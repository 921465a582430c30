using System.Text;
using System.Text.Json.Nodes;

namespace Sluice.Cli.Tests;

public sealed class PodTargetTests
{
    [Theory]
    [InlineData("apps/v1", "Deployment", "/spec/template")]
    [InlineData("apps/v1", "StatefulSet", "/spec/template")]
    [InlineData("apps/v1", "DaemonSet", "/spec/template")]
    [InlineData("apps/v1", "ReplicaSet", "/spec/template")]
    [InlineData("v1", "ReplicationController", "/spec/template")]
    [InlineData("batch/v1", "Job", "/spec/template")]
    [InlineData("batch/v1", "CronJob", "/spec/jobTemplate/spec/template")]
    [InlineData("v1", "PodTemplate", "/template")]
    public void A_patch_of_the_pod_becomes_one_of_the_template(string apiVersion, string kind, string prefix)
    {
        var target = Assert.Single(PodTarget.In(Controller(apiVersion, kind, prefix, """{"metadata":{"labels":{"a":"b"}},"spec":{"x":1.50}}"""), "default"));
        Assert.Equal("""{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"b"}},"spec":{"x":1.50}}""", Text(target.ToPod()));
        Assert.Equal(
            $$"""[{"op":"move","path":"{{prefix}}/spec/y","from":"{{prefix}}/spec/x"}]""",
            Patch(target, """[{"op":"move","path":"/spec/y","from":"/spec/x"}]"""));
        Assert.Equal($"{kind.ToLowerInvariant()} default/web", target.ToString());
    }

    [Fact]
    public void A_pod_is_taken_as_it_is()
    {
        var pod = Object("""{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"w-","namespace":"a"},"spec":{}}""");
        var target = Assert.Single(PodTarget.In(pod, "default"));
        Assert.Equal(pod.ToJsonString(), Text(target.ToPod()));
        Assert.Equal("""[{"op":"remove","path":"/spec"}]""", Patch(target, """[{"op":"remove","path":"/spec"}]"""));
        Assert.Equal("pod a/w-*", target.ToString());
    }

    [Theory]
    [InlineData("batch.volcano.sh/v1alpha1", "Job")]
    [InlineData("example.org/v1", "Deployment")]
    [InlineData("metrics.k8s.io/v1", "Pod")]
    [InlineData("v1", "ConfigMap")]
    [InlineData("v1", "Deployment")]
    public void Other_groups_and_kinds_are_left_alone(string apiVersion, string kind) =>
        Assert.Empty(PodTarget.In(Controller(apiVersion, kind, "/spec/template", """{"metadata":{},"spec":{}}"""), "default"));

    [Fact]
    public void Lists_are_opened_at_any_depth()
    {
        var list = Object(
            """
            {"apiVersion":"v1","kind":"List","items":[
              {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}},
              {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}},
              {"apiVersion":"v1","kind":"PodList","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c","namespace":"x"},"spec":{}}]}]}
            """);
        Assert.Equal("pod fallback/a, pod x/c", string.Join(", ", PodTarget.In(list, "fallback")));
    }

    [Fact]
    public void A_template_without_metadata_gets_some_before_it_is_patched()
    {
        var target = Assert.Single(PodTarget.In(Controller("apps/v1", "Deployment", "/spec/template", """{"spec":{}}"""), "default"));
        Assert.Equal("""{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{}}""", Text(target.ToPod()));
        Assert.Equal(
            """[{"op":"add","path":"/spec/template/metadata","value":{}},{"op":"add","path":"/spec/template/metadata/labels","value":{}}]""",
            Patch(target, """[{"op":"add","path":"/metadata/labels","value":{}}]"""));
        Assert.Equal("[]", Patch(target, "[]"));
    }

    [Fact]
    public void A_controller_without_a_pod_is_an_error()
    {
        var e = Assert.Throws<UnusableInputException>(() => PodTarget.In(Controller("batch/v1", "CronJob", "/spec/template", "{}"), "default").ToList());
        Assert.Equal("cronjob default/web: spec.jobTemplate.spec.template.spec is missing or no object", e.Message);
    }

    private static JsonObject Controller(string apiVersion, string kind, string path, string template)
    {
        var root = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = "web" } };
        var parent = root;
        var members = path.Split('/')[1..];
        foreach (var member in members[..^1])
        {
            var child = new JsonObject();
            parent[member] = child;
            parent = child;
        }
        parent[members[^1]] = Object(template);
        return root;
    }

    private static JsonObject Object(string json) => (JsonObject)JsonNodes.Parse(Encoding.UTF8.GetBytes(json))!;

    private static string Patch(PodTarget target, string patch) => target.OnManifest(Encoding.UTF8.GetBytes(patch)).GetRawText();

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
