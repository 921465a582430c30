using System.Buffers;
using System.Text.Json;
using Sluice.Injection;

namespace Sluice.Testing;

/// <summary>One run of the core: the decision, and the pod behind its patch.</summary>
public sealed class CoreRun
{
    private CoreRun(Decision decision, ReadOnlyMemory<byte> patch, JsonElement pod)
    {
        Decision = decision;
        Patch = patch;
        Pod = pod;
    }

    public Decision Decision { get; }

    /// <summary>The RFC 6902 document; empty when nothing is changed.</summary>
    public ReadOnlyMemory<byte> Patch { get; }

    /// <summary>The pod behind the patch; the pod as it was when nothing is changed.</summary>
    public JsonElement Pod { get; }

    public bool Changed => Decision.Kind == DecisionKind.Patch;

    public static CoreRun Decide(PodRequest request, Catalog catalog)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var decision = PodInjector.Decide(request, catalog, buffer);
        if (decision.Kind != DecisionKind.Patch)
            return new CoreRun(decision, default, request.Pod);
        return new CoreRun(decision, buffer.WrittenMemory, PatchOracle.Apply(request.Pod, buffer.WrittenMemory));
    }
}
