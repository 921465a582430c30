using System.Text.Json;
using Sluice.Api;
using Sluice.Testing.PodSecurity;

namespace Sluice.Testing;

/// <summary>
/// What an injection may not touch: everything in a pod but the paths that the API reference lists. Written as a second
/// opinion, from that page: it compares whole pods and knows nothing of the patch.
/// </summary>
public static class Untouched
{
    private static readonly HashSet<string> OfPod = ["metadata", "spec"];
    private static readonly HashSet<string> OfMetadata = ["labels", "annotations"];
    private static readonly HashSet<string> OfSpec =
    [
        "containers", "initContainers", "volumes", "serviceAccountName", "serviceAccount", "resources",
        "terminationGracePeriodSeconds", "affinity", "imagePullSecrets", "schedulingGates",
    ];
    private static readonly HashSet<string> OfVolume = ["csi"];
    private static readonly HashSet<string> OfCsi = ["readOnly", "volumeAttributes"];
    private static readonly HashSet<string> OfAttributes =
    [
        Names.VolumeAttributes.Dataset, Names.VolumeAttributes.Role, Names.VolumeAttributes.Access,
        Names.VolumeAttributes.Admitted, Names.VolumeAttributes.Profile,
    ];

    /// <summary>Every place in which <paramref name="after"/> differs where it may not.</summary>
    public static IReadOnlyList<string> Violations(JsonElement before, JsonElement after)
    {
        var found = new List<string>();
        Members("", before, after, OfPod, found);
        var (metadata, newMetadata) = (before.At("metadata"), after.At("metadata"));
        Members("metadata", metadata, newMetadata, OfMetadata, found);
        Members("metadata.labels", metadata.At("labels"), newMetadata.At("labels"), [Names.InjectedLabel], found);
        Members("metadata.annotations", metadata.At("annotations"), newMetadata.At("annotations"), [Names.StatusAnnotation], found);
        Spec(before.At("spec"), after.At("spec"), found);
        return found;
    }

    private static void Spec(JsonElement before, JsonElement after, List<string> found)
    {
        Members("spec", before, after, OfSpec, found);
        Containers("spec.containers", [.. before.At("containers").Items()], [.. after.At("containers").Items()], found);
        Containers("spec.initContainers", InOrderOfNames(before.At("initContainers")), InOrderOfNames(after.At("initContainers")), found);
        OrderKept(before.At("initContainers"), after.At("initContainers"), found);
        Pairwise("spec.volumes", NotOurs(before.At("volumes")), NotOurs(after.At("volumes")), found, Volume);
        Kept("spec.imagePullSecrets", before.At("imagePullSecrets"), after.At("imagePullSecrets"), found);
        Kept("spec.schedulingGates", before.At("schedulingGates"), after.At("schedulingGates"), found);
        Affinity(before.At("affinity"), after.At("affinity"), found);
        Resources(before.At("resources"), after.At("resources"), found);
    }

    private static void Containers(string path, JsonElement[] before, JsonElement[] after, List<string> found) =>
        Pairwise(path, before, after, found, (place, old, now) =>
        {
            Members(place, old, now, ["volumeMounts", "env"], found);
            Env(place, old, now, found);
            Pairwise($"{place}.volumeMounts", NotOurs(old.At("volumeMounts")), NotOurs(now.At("volumeMounts")), found, (mount, a, b) =>
            {
                // Propagation is ours to set where the user's mount says nothing.
                Members(mount, a, b, a.At("mountPropagation").IsGiven ? [] : ["mountPropagation"], found);
            });
        });

    /// <summary>Shared needs the pod's uid where the data is mounted; nothing else is ever added to a user's environment.</summary>
    private static void Env(string place, JsonElement before, JsonElement after, List<string> found)
    {
        const string PodUid = """{"name":"POD_UID","valueFrom":{"fieldRef":{"fieldPath":"metadata.uid"}}}""";
        var added = after.At("env").Items().Skip(before.At("env").Items().Count()).ToArray();
        Kept($"{place}.env", before.At("env"), after.At("env"), found);
        if (added.Length == 0)
            return;
        if (added is not [var uid] || uid.GetRawText() != PodUid || !after.At("volumeMounts").Items().Any(m => m.At("subPathExpr").Text().Contains("$(POD_UID)", StringComparison.Ordinal)))
            found.Add($"{place}.env got {string.Join(", ", added)}");
    }

    private static void Volume(string path, JsonElement before, JsonElement after, List<string> found)
    {
        if (before.At("persistentVolumeClaim").IsGiven && after.At("persistentVolumeClaim", "readOnly").IsTrue)
        {
            // A claim of ours is mounted read-only where no more is granted.
            Members(path, before, after, ["persistentVolumeClaim"], found);
            Members($"{path}.persistentVolumeClaim", before.At("persistentVolumeClaim"), after.At("persistentVolumeClaim"), ["readOnly"], found);
            return;
        }
        if (before.At("csi", "driver").Text() != Names.CsiDriver)
        {
            Same(path, before, after, found);
            return;
        }
        Members(path, before, after, OfVolume, found);
        Members($"{path}.csi", before.At("csi"), after.At("csi"), OfCsi, found);
        Members($"{path}.csi.volumeAttributes", before.At("csi", "volumeAttributes"), after.At("csi", "volumeAttributes"), OfAttributes, found);
    }

    private static void Affinity(JsonElement before, JsonElement after, List<string> found)
    {
        const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        Members("spec.affinity", before, after, ["nodeAffinity"], found);
        Members("spec.affinity.nodeAffinity", before.At("nodeAffinity"), after.At("nodeAffinity"), [Preferred], found);
        Kept($"spec.affinity.nodeAffinity.{Preferred}", before.At("nodeAffinity", Preferred), after.At("nodeAffinity", Preferred), found);
    }

    /// <summary>Pod-level resources may be raised, never lowered or invented.</summary>
    private static void Resources(JsonElement before, JsonElement after, List<string> found)
    {
        Members("spec.resources", before, after, ["requests", "limits"], found);
        foreach (var list in (string[])["requests", "limits"])
        {
            foreach (var resource in after.At(list).Members())
            {
                var old = before.At(list, resource.Name);
                if (!old.IsGiven)
                    found.Add($"spec.resources.{list}.{resource.Name} was not there");
                else if (Quantity.Parse(Number(resource.Value)) < Quantity.Parse(Number(old)))
                    found.Add($"spec.resources.{list}.{resource.Name} is lower than it was");
            }
        }
    }

    private static string Number(JsonElement quantity) => quantity.ValueKind == JsonValueKind.String ? quantity.GetString()! : quantity.GetRawText();

    /// <summary>Our own items leave, and a mesh proxy may have moved: what is left is compared by name.</summary>
    private static JsonElement[] InOrderOfNames(JsonElement list) =>
        [.. NotOurs(list).OrderBy(c => c.At("name").Text(), StringComparer.Ordinal)];

    private static JsonElement[] NotOurs(JsonElement list) =>
        [.. list.Items().Where(item => !item.At("name").Text().StartsWith(Names.ReservedPrefix, StringComparison.Ordinal))];

    private static void OrderKept(JsonElement before, JsonElement after, List<string> found)
    {
        string[] order = [.. NotOurs(before).Select(c => c.At("name").Text()).Where(NotMesh)];
        string[] now = [.. NotOurs(after).Select(c => c.At("name").Text()).Where(NotMesh)];
        if (!order.SequenceEqual(now))
            found.Add($"spec.initContainers were in the order {string.Join(", ", order)} and are in {string.Join(", ", now)}");
    }

    private static bool NotMesh(string name) => !name.StartsWith("istio-", StringComparison.Ordinal) && !name.StartsWith("linkerd-", StringComparison.Ordinal);

    private static void Kept(string path, JsonElement before, JsonElement after, List<string> found)
    {
        JsonElement[] old = [.. before.Items()];
        JsonElement[] now = [.. after.Items().Take(old.Length)];
        if (old.Length != now.Length || !old.Zip(now).All(pair => JsonElement.DeepEquals(pair.First, pair.Second)))
            found.Add($"{path} does not begin with what was there");
    }

    private static void Pairwise(string path, JsonElement[] before, JsonElement[] after, List<string> found, Action<string, JsonElement, JsonElement> compare)
    {
        if (before.Length != after.Length)
        {
            found.Add($"{path} had {before.Length} items that are not ours and has {after.Length}");
            return;
        }
        for (var i = 0; i < before.Length; i++)
            compare($"{path}[{before[i].At("name").Text()}]", before[i], after[i]);
    }

    private static void Pairwise(string path, JsonElement[] before, JsonElement[] after, List<string> found, Action<string, JsonElement, JsonElement, List<string>> compare) =>
        Pairwise(path, before, after, found, (place, a, b) => compare(place, a, b, found));

    /// <summary>All members but <paramref name="except"/> are the same; null, empty and absent are told apart only where nothing was to be written.</summary>
    private static void Members(string path, JsonElement before, JsonElement after, HashSet<string> except, List<string> found)
    {
        foreach (var member in before.Members().Where(m => !except.Contains(m.Name)))
            Same($"{path}.{member.Name}", member.Value, after.At(member.Name), found);
        foreach (var member in after.Members().Where(m => !except.Contains(m.Name) && before.At(m.Name).ValueKind == JsonValueKind.Undefined))
            found.Add($"{path}.{member.Name} was not there");
    }

    private static void Same(string path, JsonElement before, JsonElement after, List<string> found)
    {
        if (after.ValueKind == JsonValueKind.Undefined)
            found.Add($"{path} is gone");
        else if (!JsonElement.DeepEquals(before, after))
            found.Add($"{path} was {before.GetRawText()} and is {after.GetRawText()}");
    }
}
