using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Fields of the pod as a whole: marker, status, ServiceAccount, grace period, pod-level resources, imagePullSecrets.
/// What is raised by a share is raised for sidecars that are new in the pod, so that a second run raises nothing.
/// </summary>
internal static class PodFields
{
    private const int DefaultGraceSeconds = 30; // Kubernetes' own

    public static void Write(PodPatch patch, Judgement j)
    {
        WriteMarker(patch, j);
        WriteStatus(patch, j);
        WriteServiceAccount(patch, j);
        WriteGracePeriod(patch, j);
        WriteResources(patch, j);
        WritePullSecrets(patch, j);
    }

    private static void WriteMarker(PodPatch patch, Judgement j)
    {
        if (j.Pod.Label(Names.InjectedLabel) == "true")
            return;
        SetInMap(patch, j.Pod.Labels, "/metadata/labels", Names.InjectedLabel, "/sluice.io~1injected", "true"u8);
    }

    private static void WriteStatus(PodPatch patch, Judgement j)
    {
        var buffer = t_status ??= new ArrayBufferWriter<byte>(512);
        buffer.ResetWrittenCount();
        InjectionStatus.Write(buffer, j);
        if (j.Pod.Annotations.ValueKind == JsonValueKind.Object && j.Pod.Annotations.TryGetProperty(Names.StatusAnnotation, out var present) && present.ValueEquals(buffer.WrittenSpan))
            return;
        SetInMap(patch, j.Pod.Annotations, "/metadata/annotations", Names.StatusAnnotation, "/sluice.io~1status", buffer.WrittenSpan);
    }

    private static void SetInMap(PodPatch patch, JsonElement map, string path, string key, string token, ReadOnlySpan<byte> value)
    {
        if (map.ValueKind == JsonValueKind.Object)
        {
            patch.Begin(map.TryGetProperty(key, out _) ? "replace" : "add", path, token).WriteStringValue(value);
            patch.End();
            return;
        }
        var writer = patch.Begin("add", path);
        writer.WriteStartObject();
        writer.WriteString(key, value);
        writer.WriteEndObject();
        patch.End();
    }

    private static void WriteServiceAccount(PodPatch patch, Judgement j)
    {
        if (j.ServiceAccount is not { } account)
            return;
        foreach (var field in (ReadOnlySpan<string>)["serviceAccountName", "serviceAccount"])
        {
            var exists = j.Pod.Spec.TryGetProperty(field, out var value);
            // The alias is written only where somebody wrote it, since API servers copy one to the other.
            if (field == "serviceAccount" && !exists)
                continue;
            if (!exists || !PodView.Is(value, account))
                patch.Set("/spec/" + field, exists, account);
        }
        j.Trace?.Add(TraceStep.Adds, "pod", $"ServiceAccount \"{account}\", which the data's source knows");
    }

    private static void WriteGracePeriod(PodPatch patch, Judgement j)
    {
        long flush = 0;
        foreach (var session in j.Sessions)
        {
            var fuse = session.Profile.Resource.Spec.Fuse;
            if (session.Access == Access.ReadWrite && fuse.Durability != Durability.Write)
            {
                if (session.SidecarIndex is not null)
                    return; // raised when it was injected
                flush = Math.Max(flush, Sidecar.FlushTimeout(fuse).Seconds);
            }
        }
        if (flush == 0)
            return;
        for (var i = 0; i < j.Policies.Count; i++)
        {
            if (j.Policies[i].Spec is { Action: PolicyAction.Deny, AllowGracePeriodExtension: false })
            {
                j.Warn($"policy \"{j.Policies[i].Metadata.Name}\" keeps terminationGracePeriodSeconds as it is: written data may need {flush} s more to reach its source at the end");
                return;
            }
        }
        var exists = j.Pod.Spec.TryGetProperty("terminationGracePeriodSeconds"u8, out var grace) && grace.ValueKind == JsonValueKind.Number;
        var seconds = (exists && grace.TryGetInt64(out var written) ? written : DefaultGraceSeconds) + flush;
        patch.Begin(exists ? "replace" : "add", "/spec/terminationGracePeriodSeconds").WriteNumberValue(seconds);
        patch.End();
        j.Trace?.Add(TraceStep.Adds, "pod", $"{flush} s of grace period to flush written data");
    }

    private static void WriteResources(PodPatch patch, Judgement j)
    {
        var resources = PodView.Object(j.Pod.Spec, "resources"u8);
        if (resources.ValueKind != JsonValueKind.Object)
            return;
        foreach (var list in (ReadOnlySpan<string>)["requests", "limits"])
        {
            var amounts = PodView.Object(resources, Encoding.UTF8.GetBytes(list));
            foreach (var key in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                if (QualityOfService.Amount(amounts, key) is not { } before)
                    continue;
                var after = before;
                foreach (var session in j.Sessions)
                {
                    if (session.SidecarIndex is null && SidecarResources.Find(list == "limits" ? session.Resources.Limits : session.Resources.Requests, key) is { } share)
                        after += share;
                }
                if (after == before)
                    continue;
                patch.Set($"/spec/resources/{list}/{key}", exists: true, after.ToString());
                j.Trace?.Add(TraceStep.Adds, "pod", $"resources.{list}.{key} of the pod raised from {before} to {after} by the sidecars' share");
            }
        }
    }

    private static void WritePullSecrets(PodPatch patch, Judgement j)
    {
        var list = PodView.Array(j.Pod.Spec, "imagePullSecrets"u8);
        using var append = new ListAppend(patch, "/spec", "/imagePullSecrets", list.ValueKind == JsonValueKind.Array);
        List<string>? added = null;
        foreach (var session in j.Sessions)
        {
            foreach (var secret in session.Profile.Resource.Spec.Fuse.ImagePullSecrets)
            {
                if (Has(list, secret) || added?.Contains(secret) == true)
                    continue;
                (added ??= []).Add(secret);
                var writer = append.Begin();
                writer.WriteStartObject();
                writer.WriteString("name"u8, secret);
                writer.WriteEndObject();
                append.End();
            }
        }
    }

    private static bool Has(JsonElement list, string name)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && PodView.HasName(item, name))
                return true;
        }
        return false;
    }

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_status; // per thread: a decision never leaves its thread
}
