using CsCheck;

namespace Sluice.Injection.Tests;

/// <summary>
/// Pods as nobody would write them, as JSON text: fields of no Kubernetes version, numbers in odd notations, null and empty
/// lists, keys with slashes and tildes; and asks for data of namespace vision in all five ways but the namespace's.
/// </summary>
internal static class ArbitraryPods
{
    private static readonly Gen<string> Scalar = Gen.OneOf(
        "null", "true", "false", "0", "-1", "1e3", "2.50", "12345678901234567890", "0.1", "\"\"", "\"text\"", "\"a/b~c\"",
        "\"\\u00e4\\\"\\\\\\n\"", "\"~1~0\"", "\"null\"", "{}", "[]");

    private static Gen<string> Value(int depth) => depth == 0
        ? Scalar
        : Gen.Frequency(
            (3, Scalar),
            (1, Value(depth - 1).Array[0, 3].Select(items => $"[{string.Join(",", items)}]")),
            (1, Value(depth - 1).Array[0, 3].Select(values => $"{{{string.Join(",", values.Select((v, i) => $"\"k{i}\":{v}"))}}}")));

    /// <summary>Members that no Kubernetes version has; empty or each followed by a comma.</summary>
    private static readonly Gen<string> Unknown = Gen.Select(Value(2), Value(2), Gen.Int[0, 3], (a, b, which) =>
        ((which & 1) != 0 ? $"\"future/field~x\":{a}," : "") + ((which & 2) != 0 ? $"\"zukünftig\":{b}," : ""));

    /// <summary>A list member in one of the ways to have nothing in it; empty or followed by a comma.</summary>
    private static Gen<string> Nothing(string name) => Gen.OneOf("", $"\"{name}\":null,", $"\"{name}\":[],");

    private static readonly Gen<string> Mounts = Gen.OneOf(
        "", "\"volumeMounts\":null,", "\"volumeMounts\":[],",
        """ "volumeMounts":[{"name":"work","mountPath":"/work","future":1e0}],""",
        """ "volumeMounts":[{"mountPath":"/data","name":"data","subPath":"a"},{"name":"work","mountPath":"/work"}],""");

    private static readonly Gen<string> OtherFields = Gen.OneOf(
        "", """ "env":[{"name":"A","value":"b"}],""", """ "resources":{"requests":{"cpu":"0.5"}},""", """ "securityContext":null,""", """ "command":["x"],"args":null,""");

    private static Gen<string> Container(string name, string more = "") => Gen.Select(Unknown, Mounts, OtherFields, (unknown, mounts, other) =>
        $"{{{unknown}\"name\":\"{name}\",{mounts}{other}{more}\"image\":\"app:1\"}}");

    private static readonly Gen<string> InitContainers = Gen.Frequency(
        (2, Nothing("initContainers")),
        (2, Gen.Select(Container("setup"), Container("own-sidecar", "\"restartPolicy\":\"Always\","), (a, b) => $"\"initContainers\":[{a},{b}],")),
        (1, Gen.Select(Container("istio-proxy", "\"restartPolicy\":\"Always\","), Container("setup"), (a, b) => $"\"initContainers\":[{a},{b}],")));

    private static readonly Gen<string> Containers = Gen.Select(Container("app"), Container("helper"), Gen.Bool, (a, b, two) =>
        $"\"containers\":[{a}{(two ? "," + b : "")}]");

    /// <summary>Both volumes that <see cref="Mounts"/> may name; the first is the user's own, the second may be ours to serve.</summary>
    private static readonly Gen<string> Volumes = Gen.Select(Unknown, Gen.OneOf(
        """ "emptyDir":{}""",
        """ "csi":{"driver":"csi.sluice.io","volumeAttributes":{"dataset":"coco"}}""",
        """ "csi":{"driver":"csi.sluice.io","readOnly":true,"future":0.10,"volumeAttributes":{"hint":"x","dataset":"vision/scratch"}}""",
        """ "persistentVolumeClaim":{"claimName":"claimed-pvc"}"""), (unknown, source) =>
        $"\"volumes\":[{{\"emptyDir\":{{}},\"name\":\"work\"}},{{{unknown}\"name\":\"data\",{source}}}],");

    private static readonly Gen<string> Metadata = Gen.Select(Unknown, Gen.OneOf(
        """ "labels":{"sluice.io/dataset":"imagenet"},"annotations":null,""",
        """ "labels":{"sluice.io/dataset":"vision.open"},"annotations":{},""",
        """ "labels":{"sluice.io/inject":"true","a/b~c":""},"annotations":{"sluice.io/datasets":"imagenet, scratch=/ckpt:rw"},""",
        """ "annotations":{"x/y~z":"\n","sluice.io/datasets":"uploads:rw,full,cached"},"labels":{"sluice.io/inject":"true"},""",
        """ "labels":{"sluice.io/inject":"true"},""",
        """ "labels":null,"""), Gen.OneOf("\"name\":\"p\"", "\"generateName\":\"p-\"", "\"name\":\"p\",\"namespace\":\"vision\""), (unknown, asks, name) =>
        $"{{{unknown}{asks}{name}}}");

    private static readonly Gen<string> Spec = Gen.Select(Unknown, InitContainers, Containers, Volumes, Gen.OneOf(
        "", "\"terminationGracePeriodSeconds\":5,", "\"affinity\":{},", "\"imagePullSecrets\":null,", "\"imagePullSecrets\":[{\"name\":\"mine\"}],",
        "\"securityContext\":{\"runAsUser\":1000,\"fsGroup\":2000},", "\"resources\":{\"requests\":{\"cpu\":\"1\"},\"limits\":{\"memory\":\"1Gi\"}},"), (unknown, init, containers, volumes, more) =>
        $"{{{unknown}{init}{volumes}{more}{containers}}}");

    public static readonly Gen<string> Pod = Gen.Select(Unknown, Metadata, Spec, (unknown, metadata, spec) =>
        $"{{\"kind\":\"Pod\",{unknown}\"metadata\":{metadata},\"apiVersion\":\"v1\",\"spec\":{spec}}}");
}
