using System.Buffers;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>Everything that the injection writes, in the order of the document: pod, volumes, sidecars, mounts.</summary>
internal static class Injected
{
    public static Decision Write(Judgement j, IBufferWriter<byte> output)
    {
        var sidecars = new ArrayBufferWriter<byte>[j.Sessions.Count];
        for (var i = 0; i < sidecars.Length; i++)
        {
            sidecars[i] = Scratch(i);
            var writer = ThreadWriter.ForPiece(sidecars[i]);
            if (Sidecar.Write(writer, j, j.Sessions[i], last: i == sidecars.Length - 1) is { } problem)
                return j.Deny(422, DecisionReason.Profile, problem);
            writer.Flush();
        }
        var patch = new PodPatch(output);
        PodFields.Write(patch, j);
        Placement.Write(patch, j);
        WriteVolumes(patch, j);
        var order = WriteContainers(patch, j, sidecars);
        UserVolumes.Write(patch, j, order);
        DataMounts.Write(patch, j, order);
        Restore(patch, j, order, sidecars);
        patch.Finish();
        return patch.Operations > 0
            ? j.Decide(DecisionKind.Patch, DecisionReason.Injected)
            : j.Decide(DecisionKind.Unchanged, DecisionReason.AlreadyInjected);
    }

    private static void WriteVolumes(PodPatch patch, Judgement j)
    {
        using var append = new ListAppend(patch, "/spec", "/volumes", PodView.Array(j.Pod.Spec, "volumes"u8).ValueKind == JsonValueKind.Array);
        foreach (var wanted in Volumes.Wanted.Of(j))
        {
            if (PodView.IndexOf(j.Pod.Volumes, wanted.Name) is not { } index)
            {
                wanted.Write(append.Begin(), j.Delivery);
                append.End();
                j.Trace?.Add(TraceStep.Adds, wanted.Owner?.Dataset.FullName ?? "pod", $"volume \"{wanted.Name}\": {wanted.Purpose}");
                continue;
            }
            using var fragment = Fragment.Parse(writer => wanted.Write(writer, j.Delivery));
            if (!Json.Covers(j.Pod.Volumes[index], fragment.RootElement))
                patch.Set(Paths.Volume(index), exists: true, fragment.RootElement);
        }
    }

    private static InitOrder WriteContainers(PodPatch patch, Judgement j, ArrayBufferWriter<byte>[] sidecars)
    {
        var installer = j.Delivery == Delivery.Shared ? 1 : 0;
        var names = new List<string>(sidecars.Length + installer);
        if (installer == 1)
            names.Add(SessionNames.InstallContainer);
        foreach (var session in j.Sessions)
        {
            names.Add(session.Names.Base);
            if (session.SidecarIndex is null)
                j.Trace?.Add(TraceStep.Adds, session.Dataset.FullName, $"sidecar \"{session.Names.Base}\": relay and FUSE client, {(j.Delivery == Delivery.Csi ? "unprivileged" : "privileged")}");
        }
        return InitOrder.Write(patch, j, names, (writer, k) =>
        {
            if (k < installer)
                Installer.Write(writer, j);
            else
                writer.WriteRawValue(sidecars[k - installer].WrittenSpan, skipInputValidation: true);
        });
    }

    private static void Restore(PodPatch patch, Judgement j, InitOrder order, ArrayBufferWriter<byte>[] sidecars)
    {
        for (var i = 0; i < sidecars.Length; i++)
        {
            if (j.Sessions[i].SidecarIndex is not { } index)
                continue;
            using var wanted = JsonDocument.Parse(sidecars[i].WrittenMemory);
            Convergence.Restore(patch, j, j.Sessions[i], Paths.InitContainer(order.After(index)), j.Pod.InitContainers[index], wanted.RootElement);
        }
        if (j.Delivery == Delivery.Shared && PodView.IndexOf(j.Pod.InitContainers, SessionNames.InstallContainer) is { } installer)
        {
            using var wanted = Fragment.Parse(writer => Installer.Write(writer, j));
            Convergence.Restore(patch, j, j.Sessions[0], Paths.InitContainer(order.After(installer)), j.Pod.InitContainers[installer], wanted.RootElement);
        }
    }

    /// <summary>This thread's buffer for the i-th sidecar: a decision never leaves its thread, and has few sidecars.</summary>
    private static ArrayBufferWriter<byte> Scratch(int i)
    {
        var buffers = t_scratch ??= [];
        while (buffers.Count <= i)
            buffers.Add(new ArrayBufferWriter<byte>(4096));
        buffers[i].ResetWrittenCount();
        return buffers[i];
    }

    [ThreadStatic]
    private static List<ArrayBufferWriter<byte>>? t_scratch;
}
