using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// The sidecars' resources. Later layers win: what every sidecar has, the profile, the policy's default, the Runtime, the
/// Dataset, the pod's annotation for all, the pod's annotation for this dataset. Requests and limits are always written,
/// since a quota refuses pods without them.
/// </summary>
internal static class Resources
{
    private static readonly ResourceRequirements Floor = new()
    {
        Requests = { ["cpu"] = Quantity.Parse("50m"), ["memory"] = Quantity.Parse("64Mi") },
        Limits = { ["cpu"] = Quantity.Parse("1"), ["memory"] = Quantity.Parse("256Mi") },
    };

    public static Decision? Settle(Judgement j)
    {
        List<SidecarResourcesAnnotationItem>? asked = null;
        if (j.Pod.Annotation(Names.SidecarResourcesAnnotation) is { } text)
        {
            asked = [];
            if (SidecarResourcesAnnotation.Parse(text, asked) is { } error)
                return j.Deny(400, DecisionReason.BadRequest, $"annotation {Names.SidecarResourcesAnnotation} cannot be read: {error}");
            foreach (var item in asked)
            {
                if (item.Dataset is not null && !j.Sessions.Exists(s => IsMeant(s, item.Dataset)))
                    return j.Deny(400, DecisionReason.BadRequest, $"annotation {Names.SidecarResourcesAnnotation} names dataset \"{item.Dataset}\", which the pod does not ask for: correct the name");
            }
        }
        j.Guaranteed = QualityOfService.IsGuaranteed(j.Pod);
        foreach (var session in j.Sessions)
        {
            session.Resources = Layers(j, session, asked);
            if (Finish(j, session) is { } denial)
                return denial;
        }
        return null;
    }

    /// <summary>What is allowed and still may surprise; said once the policies have let it pass.</summary>
    public static Decision? Warn(Judgement j)
    {
        foreach (var session in j.Sessions)
        {
            if (session.Resources.Unlimited is { } lifted)
                j.Warn($"the sidecar of dataset \"{session.Dataset.FullName}\" has no limit of {lifted}: a LimitRange default of namespace \"{j.Namespace}\", if there is one, will fill it in");
        }
        return null;
    }

    private static SidecarResources Layers(Judgement j, Session session, List<SidecarResourcesAnnotationItem>? asked)
    {
        var resources = new SidecarResources();
        resources.Merge(Floor, asked: false);
        resources.Merge(session.Profile.Resource.Spec.Fuse.Resources, asked: false);
        for (var i = j.Policies.Count - 1; i >= 0; i--) // the policy that comes first is merged last and wins
        {
            if (j.Policies[i].Spec.Action == PolicyAction.Deny)
                resources.Merge(j.Policies[i].Spec.Sidecar.Default, asked: false);
        }
        if (session.Resolution.Runtime is { } runtime)
            resources.Merge(runtime.Spec.Fuse.Resources, asked: true);
        resources.Merge(session.Dataset.Resource.Spec.Fuse.Resources, asked: true);
        if (asked is null)
            return resources;
        foreach (var forOne in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var item in asked)
            {
                if (item.Dataset is null != forOne && (item.Dataset is null || IsMeant(session, item.Dataset)))
                    resources.Set(item.Limit, item.Key, item.Value);
            }
        }
        return resources;
    }

    private static Decision? Finish(Judgement j, Session session)
    {
        var resources = session.Resources;
        var name = session.Dataset.FullName;
        if (session.Profile.CacheVolumeSize is { } space && session.Profile.Resource.Spec.Fuse.CacheMedium == StorageMedium.Disk)
            SidecarResources.Set(resources.Requests, "ephemeral-storage", space, asked: false);
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec.Action == PolicyAction.Deny)
            {
                resources.LimitTo(j.Policies[i].Spec.Sidecar.Max.Limits);
                resources.Bend(j.Policies[i].Spec.Sidecar.Min, j.Policies[i].Spec.Sidecar.Max);
            }
        }
        resources.LiftLimits();
        if (resources.Unlimited is { } lifted)
        {
            if (j.Guaranteed && lifted is "cpu" or "memory")
                return j.Deny(422, DecisionReason.Unsupported, $"the pod is of QoS class Guaranteed and the sidecar of dataset \"{name}\" asks for no limit of {lifted} (limits.{lifted}=0), which would take the class away: give a limit");
        }
        if (resources.Reconcile() is { } key)
            return j.Deny(400, DecisionReason.Conflict, $"the sidecar of dataset \"{name}\" asks for requests.{key}={SidecarResources.Find(resources.Requests, key)} above limits.{key}={SidecarResources.Find(resources.Limits, key)}: raise the limit or lower the request");
        if (j.Guaranteed)
        {
            foreach (var limit in resources.Limits)
            {
                if (limit.Key is "cpu" or "memory")
                    SidecarResources.Set(resources.Requests, limit.Key, limit.Value, limit.Asked);
            }
            j.Trace?.Add(TraceStep.Adds, name, "the pod is of QoS class Guaranteed: the sidecar's requests equal its limits");
        }
        if (session.Profile.Resource.Spec.Fuse.CacheMedium == StorageMedium.Memory && session.Profile.CacheVolumeSize is { } memory
            && SidecarResources.Find(resources.Limits, "memory") is { } most && memory > most)
        {
            return j.Deny(422, DecisionReason.Unsupported, $"the cache of dataset \"{name}\" ({memory} of memory) does not fit limits.memory={most} of its sidecar: raise the limit by annotation {Names.SidecarResourcesAnnotation}, or lower cacheSize of RuntimeProfile \"{session.Profile.Name}\"");
        }
        return null;
    }

    private static bool IsMeant(Session session, string written) =>
        written == session.Dataset.Name.Name || written == session.Dataset.FullName;
}
