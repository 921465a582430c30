using System.Globalization;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>
/// Brings a sidecar that is in the pod already back to what the injection wants: what another injector stripped or changed
/// is restored, what it added to lists (env, mounts, resources) stays, an image that a mirror rewrote stays where a policy
/// lists it.
/// </summary>
internal static class Convergence
{
    /// <summary>Members of a container that the injection owns although it may not write them.</summary>
    private static readonly string[] OwnedWhenAbsent = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

    public static void Restore(PodPatch patch, Judgement j, Session session, string path, JsonElement actual, JsonElement wanted)
    {
        var before = patch.Operations;
        foreach (var member in wanted.EnumerateObject())
        {
            var exists = actual.TryGetProperty(member.Name, out var value) && value.ValueKind != JsonValueKind.Null;
            var memberPath = $"{path}/{member.Name}";
            switch (member.Name)
            {
                case "name":
                    break;
                case "env":
                    RestoreItems(patch, memberPath, exists, value, member.Value, "name", Json.Covers);
                    break;
                case "volumeMounts":
                    RestoreItems(patch, memberPath, exists, value, member.Value, "mountPath", JsonElement.DeepEquals);
                    break;
                case "resources":
                    RestoreResources(patch, memberPath, exists, value, member.Value);
                    break;
                case "image" when exists && value.ValueKind == JsonValueKind.String && TenantRules.ImagesAllowed.Grants(j, value.GetString()!):
                    break;
                default:
                    if (!exists || !JsonElement.DeepEquals(value, member.Value))
                        patch.Set(memberPath, exists, member.Value);
                    break;
            }
        }
        foreach (var name in OwnedWhenAbsent)
        {
            if (actual.TryGetProperty(name, out _) && !wanted.TryGetProperty(name, out _))
                patch.Remove($"{path}/{name}");
        }
        j.Trace?.Add(patch.Operations == before ? TraceStep.Keeps : TraceStep.Restores, session.Dataset.FullName,
            patch.Operations == before ? $"sidecar \"{session.Names.Base}\" is in the pod already" : $"sidecar \"{session.Names.Base}\" was changed by another injector and is restored");
    }

    /// <summary>Every wanted item must be there, found by <paramref name="key"/>; other items stay.</summary>
    private static void RestoreItems(PodPatch patch, string path, bool exists, JsonElement actual, JsonElement wanted, string key, Func<JsonElement, JsonElement, bool> matches)
    {
        var isList = exists && actual.ValueKind == JsonValueKind.Array;
        using var append = new ListAppend(patch, path, "", isList);
        foreach (var item in wanted.EnumerateArray())
        {
            var index = isList ? IndexOf(actual, key, item.GetProperty(key).GetString()!) : -1;
            if (index < 0)
            {
                item.WriteTo(append.Begin());
                append.End();
            }
            else if (!matches(actual[index], item))
            {
                patch.Set(string.Create(CultureInfo.InvariantCulture, $"{path}/{index}"), exists: true, item);
            }
        }
    }

    private static void RestoreResources(PodPatch patch, string path, bool exists, JsonElement actual, JsonElement wanted)
    {
        if (!exists || actual.ValueKind != JsonValueKind.Object)
        {
            patch.Set(path, exists, wanted);
            return;
        }
        foreach (var list in wanted.EnumerateObject())
        {
            if (!actual.TryGetProperty(list.Name, out var amounts) || amounts.ValueKind != JsonValueKind.Object)
            {
                patch.Set($"{path}/{list.Name}", amounts.ValueKind != JsonValueKind.Undefined, list.Value);
                continue;
            }
            foreach (var amount in list.Value.EnumerateObject())
            {
                var present = QualityOfService.Amount(amounts, amount.Name);
                if (present is null || present != Quantity.Parse(amount.Value.GetString()!))
                    patch.Set($"{path}/{list.Name}/{PodPatch.Escape(amount.Name)}", amounts.TryGetProperty(amount.Name, out _), amount.Value);
            }
        }
    }

    private static int IndexOf(JsonElement list, string key, string value)
    {
        for (var i = 0; i < list.GetArrayLength(); i++)
        {
            if (list[i].ValueKind == JsonValueKind.Object && list[i].TryGetProperty(key, out var other) && PodView.Is(other, value))
                return i;
        }
        return -1;
    }
}
