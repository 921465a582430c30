using Sluice.Api;

namespace Sluice.Injection;

/// <summary>May this namespace have the dataset, and with which access? Sharing and access modes; policies come after.</summary>
internal static class Grants
{
    public static Decision? Check(Judgement j)
    {
        foreach (var session in j.Sessions)
        {
            if (Check(j, session) is { } denial)
                return denial;
        }
        return null;
    }

    private static Decision? Check(Judgement j, Session session)
    {
        var dataset = session.Dataset;
        var spec = dataset.Resource.Spec;
        if (dataset.Resource.Metadata.DeletionTimestamp is not null)
            return j.Deny(403, DecisionReason.NotShared, $"dataset \"{dataset.FullName}\" is being deleted and takes no new pods: wait until it is gone, or use another one");
        var most = spec.AccessModes.Contains(AccessMode.ReadWriteMany) ? Access.ReadWrite : Access.ReadOnly;
        if (session.Ask == AccessAsk.ReadWrite && most == Access.ReadOnly)
            return j.Deny(403, DecisionReason.AccessMode, $"dataset \"{dataset.FullName}\" is read-only and {session.AccessAskedBy} asks for rw: ask for ro, or add ReadWriteMany to spec.accessModes of Dataset {dataset.FullName}");
        if (dataset.Name.Namespace != j.Namespace)
        {
            if (SharedAccess(j, spec) is not { } shared)
                return j.Deny(403, DecisionReason.NotShared, $"dataset \"{dataset.FullName}\" is not shared with namespace \"{j.Namespace}\": add it to spec.sharing of Dataset {dataset.FullName}");
            if (session.Ask == AccessAsk.ReadWrite && shared == Access.ReadOnly)
                return j.Deny(403, DecisionReason.AccessMode, $"dataset \"{dataset.FullName}\" is shared read-only with namespace \"{j.Namespace}\" and {session.AccessAskedBy} asks for rw: ask for ro, or give access ReadWrite in spec.sharing of Dataset {dataset.FullName}");
            most = shared < most ? shared : most;
        }
        session.Access = session.Ask switch
        {
            AccessAsk.ReadWrite => Access.ReadWrite,
            AccessAsk.AsGranted => TenantRules.DatasetsAllowed.Narrow(j, dataset.Name, most),
            _ => Access.ReadOnly,
        };
        j.Trace?.Add(TraceStep.Granted, dataset.FullName, dataset.Name.Namespace == j.Namespace
            ? $"the namespace's own dataset, {Word(session.Access)}"
            : $"shared with namespace \"{j.Namespace}\", {Word(session.Access)}");
        return null;
    }

    private static string Word(Access access) => access == Access.ReadWrite ? "rw" : "ro";

    /// <summary>The most that any sharing entry gives the namespace; null when none selects it.</summary>
    private static Access? SharedAccess(Judgement j, DatasetSpec spec)
    {
        Access? most = null;
        foreach (var sharing in spec.Sharing)
        {
            if (sharing.NamespaceSelector is not { } selector || !NamespaceLabels.Match(selector, j.Namespace, j.NamespaceMeta.Labels))
                continue;
            if (most is null || sharing.Access > most)
                most = sharing.Access;
        }
        return most;
    }
}
