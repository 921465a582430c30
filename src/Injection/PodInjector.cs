using System.Buffers;

namespace Sluice.Injection;

/// <summary>The decision about one pod. Pure: the same pod, namespace and catalog give the same bytes, and nothing is touched.</summary>
public static class PodInjector
{
    /// <summary>
    /// Decides what becomes of <paramref name="request"/>. Only when the result is <see cref="DecisionKind.Patch"/> does
    /// <paramref name="patch"/> hold an RFC 6902 document (UTF-8); the caller owns the buffer and clears it otherwise.
    /// </summary>
    public static Decision Decide(PodRequest request, Catalog catalog, IBufferWriter<byte> patch, Trace? trace = null)
    {
        _ = (request, catalog, patch, trace);
        return new Decision(DecisionKind.Unchanged, DecisionReason.NotAsked);
    }
}
