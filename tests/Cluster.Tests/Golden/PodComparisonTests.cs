using System.Text.Json.Nodes;
using Sluice.Testing.Golden;
using Sluice.Testing.Manifests;

namespace Sluice.Cluster.Tests.Golden;

/// <summary>Golden pods against what an API server would have made of them, written here by hand.</summary>
public sealed class PodComparisonTests
{
    public static TheoryData<string> Cases => AdmissionChainTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_pod_with_all_that_servers_write_is_the_same(string name) =>
        Assert.Null(PodComparison.Difference(Golden(name), AsStored(Golden(name))));

    [Fact]
    public void A_sidecar_that_lost_its_restartPolicy_is_a_difference() =>
        Differs(pod => pod["spec"]!["initContainers"]![0]!.AsObject().Remove("restartPolicy"), "-    restartPolicy: Always");

    [Fact]
    public void Another_order_of_containers_is_a_difference() => Differs(pod =>
    {
        var containers = pod["spec"]!["containers"]!.AsArray();
        var first = containers[0];
        containers.RemoveAt(0);
        containers.Add(first);
    }, "helper");

    [Theory]
    [InlineData("terminationGracePeriodSeconds", "31")]
    [InlineData("hostNetwork", "true")]
    [InlineData("serviceAccountName", "\"other\"")]
    [InlineData("tolerations", "[{\"key\":\"x\",\"operator\":\"Exists\"}]")]
    public void A_value_that_no_server_would_have_written_is_a_difference(string field, string value) => Differs(pod => pod["spec"]![field] = JsonNode.Parse(value), field);

    [Fact]
    public void A_volume_and_a_mount_of_somebody_else_are_differences()
    {
        Differs(pod => pod["spec"]!["volumes"]!.AsArray().Add(Json.Parse("""{"name":"theirs","emptyDir":{}}""")), "theirs");
        Differs(pod => pod["spec"]!["containers"]![0]!["volumeMounts"]!.AsArray().Add(Json.Parse("""{"name":"kube-api-access-x","mountPath":"/elsewhere"}""")), "/elsewhere");
    }

    private static void Differs(Action<JsonObject> change, string says)
    {
        var pod = AsStored(Golden("ask/label"));
        change(pod);
        Assert.Contains(says, PodComparison.Difference(Golden("ask/label"), pod), StringComparison.Ordinal);
    }

    private static JsonObject Golden(string name) => Json.Object(GoldenExpectation.ExpectedPod(GoldenCase.Read(name))!.Value);

    private static JsonObject AsStored(JsonObject pod)
    {
        var metadata = pod["metadata"]!.AsObject();
        foreach (var (name, value) in Json.Parse("""{"uid":"1","creationTimestamp":"2026-01-01T00:00:00Z","resourceVersion":"7","generation":1,"namespace":"vision","managedFields":[{"manager":"tests"}]}"""))
            metadata[name] = value!.DeepClone();
        var spec = pod["spec"]!.AsObject();
        foreach (var (name, value) in Json.Parse("""
            {"restartPolicy":"Always","dnsPolicy":"ClusterFirst","terminationGracePeriodSeconds":30,"securityContext":{},"enableServiceLinks":true,"serviceAccountName":"default","serviceAccount":"default",
             "priority":0,"preemptionPolicy":"PreemptLowerPriority",
             "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}
            """))
        {
            if (!spec.ContainsKey(name))
                spec[name] = value!.DeepClone();
        }
        spec["volumes"]!.AsArray().Insert(0, Json.Parse("""{"name":"kube-api-access-abcde","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}]}}"""));
        foreach (var container in spec["containers"]!.AsArray())
            Store(container!.AsObject(), hasToken: true);
        foreach (var container in spec["initContainers"]!.AsArray())
            Store(container!.AsObject(), hasToken: !Yaml.Text(container!["name"]).StartsWith("sluice-", StringComparison.Ordinal));
        pod["status"] = Json.Parse("""{"phase":"Pending","qosClass":"Burstable"}""");
        return pod;
    }

    private static void Store(JsonObject container, bool hasToken)
    {
        foreach (var (name, value) in Json.Parse("""
            {"imagePullPolicy":"IfNotPresent","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","resources":{},
             "resizePolicy":[{"resourceName":"cpu","restartPolicy":"NotRequired"},{"resourceName":"memory","restartPolicy":"NotRequired"}]}
            """))
        {
            if (!container.ContainsKey(name))
                container[name] = value!.DeepClone();
        }
        if (!hasToken)
            return;
        container["volumeMounts"] ??= new JsonArray();
        container["volumeMounts"]!.AsArray().Add(Json.Parse("""{"name":"kube-api-access-abcde","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}"""));
    }
}
