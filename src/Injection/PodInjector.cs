using System.Buffers;

namespace Sluice.Injection;

/// <summary>The decision about one pod. Pure: the same pod, namespace and catalog give the same bytes, and nothing is touched.</summary>
public static class PodInjector
{
    /// <summary>
    /// Decides what becomes of <paramref name="request"/>. Only when the result is <see cref="DecisionKind.Patch"/> does
    /// <paramref name="patch"/> hold an RFC 6902 document (UTF-8); the caller owns the buffer and clears it otherwise.
    /// Each step returns null to go on, or the decision that ends the way.
    /// </summary>
    public static Decision Decide(PodRequest request, Catalog catalog, IBufferWriter<byte> patch, Trace? trace = null)
    {
        if (request.Operation != "CREATE")
            return new Decision(DecisionKind.Unchanged, DecisionReason.NotApplicable);
        if (PodView.Read(request.Pod, out var pod) is { } problem)
            return new Decision(DecisionKind.Deny, DecisionReason.BadRequest) { Code = 400, Message = problem };

        var j = new Judgement(pod, request, catalog, trace);
        return Scope.Leave(j)                  // mirror pods, our own pods, opt-outs
            ?? DatasetReferences.Collect(j)    // what the pod asks for: label, annotation, volume, claim, namespace
            ?? Scope.NotAsked(j)               // nothing: unchanged
            ?? Scope.RefuseUnsupported(j)      // pods that cannot work: sandboxes, Windows, user namespaces
            ?? Grants.Check(j)                 // sharing and access modes
            ?? Profiles.Resolve(j)             // which client serves each dataset, with which options
            ?? Deliveries.Choose(j)            // Csi or Shared
            ?? Identity.Choose(j)              // Secret, token, ServiceAccount
            ?? Resources.Settle(j)             // the sidecars' requests and limits
            ?? TenantRules.Judge.Check(j)      // what the namespace's policies say to all that
            ?? Resources.Warn(j)               // limits that were lifted
            ?? Recipients.Choose(j)            // which containers get the data
            ?? ReservedNames.Check(j)          // nothing in the pod pretends to be ours
            ?? DataMounts.Check(j)             // Shared: the pod's uid is at hand
            ?? Injected.Write(j, patch);       // the patch: pod, volumes, sidecars, mounts
    }
}
