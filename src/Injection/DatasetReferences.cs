using System.Text.Json;
using Sluice.Api;
using Sluice.Api.Validation;

namespace Sluice.Injection;

/// <summary>
/// What the pod asks for: label, annotation, volume, claim and namespace, merged to one session for each dataset.
/// Two asks that contradict each other are refused with both named.
/// </summary>
internal static class DatasetReferences
{
    public static Decision? Collect(Judgement j)
    {
        return CollectVolumes(j)
            ?? CollectLabel(j)
            ?? CollectAnnotation(j)
            ?? CollectNamespace(j)
            ?? AdoptForeignClaims(j)
            ?? CollectClaims(j)
            ?? Sort(j);
    }

    /// <summary>The namespace is opted in, so that every new pod comes here.</summary>
    public static bool IsOptedIn(Judgement j) =>
        j.NamespaceMeta.Labels.TryGetValue(Names.InjectionLabel, out var value) && value == Names.InjectionEnabled;

    private static Decision? CollectLabel(Judgement j)
    {
        if (j.Pod.Label(Names.DatasetLabel) is not { } label)
            return null;
        var dot = label.IndexOf('.', StringComparison.Ordinal);
        var name = new ObjectName(dot < 0 ? j.Namespace : label[..dot], label[(dot + 1)..]);
        var way = $"label {Names.DatasetLabel}";
        if (!IsName(name))
            return j.Deny(400, DecisionReason.BadRequest, $"{way} has the value \"{label}\": write the name of a Dataset, or namespace.name");
        return Ask(j, name, way, path: null, AccessAsk.Unsaid, namespaceWide: false);
    }

    private static Decision? CollectAnnotation(Judgement j)
    {
        if (j.Pod.Annotation(Names.DatasetsAnnotation) is not { } text)
            return null;
        if (!IsSelected(j))
        {
            j.Warn($"annotation {Names.DatasetsAnnotation} has no effect without label {Names.InjectLabel}: \"true\" on the pod or {Names.InjectionLabel}: {Names.InjectionEnabled} on its namespace");
            return null;
        }
        return CollectList(j, text, $"annotation {Names.DatasetsAnnotation}", namespaceWide: false);
    }

    private static Decision? CollectNamespace(Judgement j)
    {
        if (!IsOptedIn(j) || !j.NamespaceMeta.Annotations.TryGetValue(Names.DatasetsAnnotation, out var text))
            return null;
        if (IsWindows(j.Pod))
        {
            j.Trace?.Add(TraceStep.Keeps, "pod", $"a Windows pod is left out of what namespace \"{j.Namespace}\" gives every pod");
            return null;
        }
        return CollectList(j, text, $"annotation {Names.DatasetsAnnotation} of namespace \"{j.Namespace}\"", namespaceWide: true);
    }

    /// <summary>By <c>os.name</c>, or by the node selector, as most Windows pods say it.</summary>
    public static bool IsWindows(PodView pod) =>
        PodView.Text(PodView.Object(pod.Spec, "os"u8), "name") == "windows"
        || PodView.Text(PodView.Object(pod.Spec, "nodeSelector"u8), "kubernetes.io/os") == "windows";

    /// <summary>API servers send the pod here: by a label, its namespace, or a volume of our driver. An annotation alone does not do it.</summary>
    public static bool IsSelected(Judgement j) =>
        j.Pod.Label(Names.InjectLabel) is not null || j.Pod.Label(Names.DatasetLabel) is not null || IsOptedIn(j) || j.Sessions.Count > 0;

    private static Decision? CollectList(Judgement j, string text, string way, bool namespaceWide)
    {
        var items = new List<DatasetsAnnotationItem>();
        if (DatasetsAnnotation.Parse(text, items) is { } error)
            return j.Deny(400, DecisionReason.BadRequest, $"{way} cannot be read: {error}");
        foreach (var item in items)
        {
            var name = new ObjectName(item.Namespace ?? j.Namespace, item.Name);
            if (Ask(j, name, $"{way} (\"{item.Text}\")", item.MountPath, item.Ask, namespaceWide) is { } denial)
                return denial;
        }
        return null;
    }

    /// <summary>Explicit volumes of our driver that are the user's own.</summary>
    private static Decision? CollectVolumes(Judgement j)
    {
        for (var i = 0; i < j.Pod.Volumes.Length; i++)
        {
            var volume = j.Pod.Volumes[i];
            var csi = PodView.Object(volume, "csi"u8);
            if (csi.ValueKind != JsonValueKind.Object || PodView.Text(csi, "driver") != Names.CsiDriver || PodView.IsReserved(volume))
                continue; // ours, or pretending to be: ReservedNames judges those
            var name = PodView.NameOf(volume);
            var attributes = PodView.Object(csi, "volumeAttributes"u8);
            if (AttributesProblem(attributes, name) is { } problem)
                return j.Deny(400, DecisionReason.BadRequest, problem);
            var reference = PodView.Text(attributes, Names.VolumeAttributes.Dataset)!;
            var slash = reference.IndexOf('/', StringComparison.Ordinal);
            var dataset = new ObjectName(slash < 0 ? j.Namespace : reference[..slash], reference[(slash + 1)..]);
            if (!IsName(dataset))
                return j.Deny(400, DecisionReason.BadRequest, $"volume \"{name}\" has dataset \"{reference}\" in its volumeAttributes: write name or namespace/name of a Dataset");
            var ask = PodView.IsTrue(csi, "readOnly"u8) ? AccessAsk.ReadOnly : AccessAsk.AsGranted;
            if (AskVolume(j, dataset, i, name, $"volume \"{name}\"", ask, byClaim: false) is { } denial)
                return denial;
        }
        return null;
    }

    private static string? AttributesProblem(JsonElement attributes, string volume)
    {
        if (attributes.ValueKind != JsonValueKind.Object || PodView.Text(attributes, Names.VolumeAttributes.Dataset) is null)
            return $"volume \"{volume}\" of driver {Names.CsiDriver} names no dataset: add volumeAttributes.{Names.VolumeAttributes.Dataset}";
        foreach (var attribute in attributes.EnumerateObject())
        {
            if (attribute.NameEquals(Names.VolumeAttributes.Role))
            {
                if (!PodView.Is(attribute.Value, Names.VolumeAttributes.RoleData))
                    return $"volume \"{volume}\" has role \"{attribute.Value}\" in its volumeAttributes: only the injection makes such volumes, remove the role";
            }
            else if (!attribute.NameEquals(Names.VolumeAttributes.Dataset)
                && !attribute.NameEquals(Names.VolumeAttributes.Access)
                && !attribute.NameEquals(Names.VolumeAttributes.Admitted)
                && !attribute.NameEquals(Names.VolumeAttributes.Profile))
            {
                return $"volume \"{volume}\" has \"{attribute.Name}\" in its volumeAttributes: only {Names.VolumeAttributes.Dataset} may be given";
            }
        }
        return null;
    }

    /// <summary>
    /// Volumes whose claim a Dataset of the pod's own namespace owns. Needs the label or an opted-in namespace, else API
    /// servers would not have sent the pod either.
    /// </summary>
    private static Decision? CollectClaims(Judgement j)
    {
        for (var i = 0; i < j.Pod.Volumes.Length; i++)
        {
            if (ClaimOf(j.Pod.Volumes[i]) is not { } claim || j.Catalog.FindClaim(new ObjectName(j.Namespace, claim)) is not { } dataset || !IsSelected(j))
                continue;
            var name = PodView.NameOf(j.Pod.Volumes[i]);
            if (AskVolume(j, dataset.Name, i, name, $"volume \"{name}\" (claim \"{claim}\")", ClaimAsk(j.Pod.Volumes[i]), byClaim: true) is { } denial)
                return denial;
        }
        return null;
    }

    /// <summary>
    /// A claim of another namespace's Dataset counts when the pod names the Dataset too: by the claim's name alone, a claim
    /// that only happens to be called the same would be taken for data.
    /// </summary>
    private static Decision? AdoptForeignClaims(Judgement j)
    {
        for (var s = 0; s < j.Sessions.Count; s++)
        {
            var session = j.Sessions[s];
            if (session.UserVolume is not null || session.Dataset.Name.Namespace == j.Namespace || session.Dataset.Resource.Spec.Claim is not { } claim)
                continue;
            for (var i = 0; i < j.Pod.Volumes.Length; i++)
            {
                if (ClaimOf(j.Pod.Volumes[i]) != claim.Name)
                    continue;
                var name = PodView.NameOf(j.Pod.Volumes[i]);
                if (AskVolume(j, session.Dataset.Name, i, name, $"volume \"{name}\" (claim \"{claim.Name}\")", ClaimAsk(j.Pod.Volumes[i]), byClaim: true) is { } denial)
                    return denial;
            }
        }
        return null;
    }

    private static string? ClaimOf(JsonElement volume) => PodView.Text(PodView.Object(volume, "persistentVolumeClaim"u8), "claimName");

    private static AccessAsk ClaimAsk(JsonElement volume) =>
        PodView.IsTrue(PodView.Object(volume, "persistentVolumeClaim"u8), "readOnly"u8) ? AccessAsk.ReadOnly : AccessAsk.AsGranted;

    private static Decision? AskVolume(Judgement j, ObjectName name, int index, string volume, string way, AccessAsk ask, bool byClaim)
    {
        if (Find(j, name) is { UserVolume: { } other } taken && other != index)
            return j.Deny(400, DecisionReason.Conflict, $"dataset \"{name}\" is asked for by {taken.AskedBy} and by {way}: use one volume and mount it where it is needed");
        if (Merge(j, name, way, path: null, ask, namespaceWide: false, out var session) is { } denial)
            return denial;
        session!.UserVolume = index;
        session.UserVolumeName = volume;
        session.ByClaim = byClaim;
        return null;
    }

    /// <summary>An ask that wants the dataset mounted into the pod's containers.</summary>
    private static Decision? Ask(Judgement j, ObjectName name, string way, string? path, AccessAsk ask, bool namespaceWide)
    {
        if (Merge(j, name, way, path, ask, namespaceWide, out var session) is { } denial)
            return denial;
        session!.MountPath ??= MountPaths.Clean(session.Dataset.Resource.Spec.MountPath ?? $"/datasets/{name.Name}");
        return null;
    }

    private static Decision? Merge(Judgement j, ObjectName name, string way, string? path, AccessAsk ask, bool namespaceWide, out Session? session)
    {
        session = Find(j, name);
        j.Trace?.Add(TraceStep.Asked, name.ToString(), $"asked for by {way}");
        if (session is null)
        {
            if (j.Catalog.FindDataset(name) is not { } dataset)
            {
                var hint = name.Namespace == j.Namespace ? "" : "; it is looked for in the namespace that the pod wrote";
                var denial = j.Deny(404, DecisionReason.DatasetNotFound, $"dataset \"{name}\", asked for by {way}, does not exist: create Dataset {name.Name} in namespace \"{name.Namespace}\" or correct the name{hint}");
                return denial with { Miss = new CatalogMiss(nameof(Dataset), name.Namespace, name.Name) };
            }
            session = new Session(dataset, name.Namespace == j.Namespace ? dataset.LocalNames : dataset.ForeignNames) { AskedBy = way, NamespaceWide = namespaceWide };
            j.Sessions.Add(session);
        }
        session.NamespaceWide &= namespaceWide;
        if (path is not null)
        {
            path = MountPaths.Clean(path);
            if (session.PathAskedBy is { } first && session.MountPath != path)
                return j.Deny(400, DecisionReason.Conflict, $"dataset \"{name}\" is asked for at {session.MountPath} by {first} and at {path} by {way}: give one path");
            session.MountPath = path;
            session.PathAskedBy = way;
        }
        if (ask is AccessAsk.ReadOnly or AccessAsk.ReadWrite)
        {
            if (session.AccessAskedBy is { } first && session.Ask != ask)
                return j.Deny(400, DecisionReason.Conflict, $"dataset \"{name}\" is asked for as {Word(session.Ask)} by {first} and as {Word(ask)} by {way}: give one access");
            session.Ask = ask;
            session.AccessAskedBy = way;
        }
        else if (ask == AccessAsk.AsGranted && session.Ask == AccessAsk.Unsaid)
        {
            session.Ask = ask;
        }
        return null;
    }

    private static bool IsName(ObjectName name) =>
        NameRules.IsOwnName(name.Name, Names.MaxDatasetName) && NameRules.IsLabel(name.Namespace);

    private static string Word(AccessAsk ask) => ask == AccessAsk.ReadWrite ? "rw" : "ro";

    private static Session? Find(Judgement j, ObjectName name)
    {
        foreach (var session in j.Sessions)
        {
            if (session.Dataset.Name == name)
                return session;
        }
        return null;
    }

    /// <summary>By the name of the sidecar, so that the order of annotations and catalogs does not matter.</summary>
    private static Decision? Sort(Judgement j)
    {
        j.Sessions.Sort(static (a, b) => string.CompareOrdinal(a.Names.Base, b.Names.Base));
        return null;
    }
}
