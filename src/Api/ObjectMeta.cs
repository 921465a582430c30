using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Api;

/// <summary>What every object of ours has; <typeparamref name="TSpec"/> is what its author writes.</summary>
/// <remarks>
/// Here and below, an empty list, map or part is made when it is first asked for: most are never, and a catalog holds 100,000
/// objects. Two threads that ask at once may each get one of their own, which is why nobody changes an object that is in a catalog.
/// </remarks>
public abstract class Resource<TSpec>
    where TSpec : class, new()
{
    public string? ApiVersion { get; set; }
    public string? Kind { get; set; }
    public ObjectMeta Metadata { get => field ??= new(); set; }
    public TSpec Spec { get => field ??= new(); set; }
}

/// <summary>The part of Kubernetes' ObjectMeta that is read here; the rest is accepted and skipped.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed class ObjectMeta
{
    public string Name { get => field; set => field = value ?? ""; } = "";
    public string? Namespace { get; set; }
    public string? Uid { get; set; }
    public string? ResourceVersion { get; set; }
    public long? Generation { get; set; }
    public DateTimeOffset? CreationTimestamp { get; set; }
    public DateTimeOffset? DeletionTimestamp { get; set; }
    public Dictionary<string, string> Labels { get => field ??= []; set; }
    public Dictionary<string, string> Annotations { get => field ??= []; set; }
    public List<string> Finalizers { get => field ??= []; set; }
    public JsonElement? OwnerReferences { get; set; }
    public JsonElement? ManagedFields { get; set; }
    public string? GenerateName { get; set; }
    public string? SelfLink { get; set; }
    public long? DeletionGracePeriodSeconds { get; set; }
}

/// <summary>meta/v1 Condition.</summary>
public sealed class Condition
{
    public string Type { get => field; set => field = value ?? ""; } = "";
    public string Status { get => field; set => field = value ?? ""; } = "";
    public string? Reason { get; set; }
    public string? Message { get; set; }
    public long? ObservedGeneration { get; set; }
    public DateTimeOffset? LastTransitionTime { get; set; }
}

/// <summary>A core/v1 Namespace, as far as the catalog needs one.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed class Namespace
{
    public string? ApiVersion { get; set; }
    public string? Kind { get; set; }
    public ObjectMeta Metadata { get => field ??= new(); set; }
    public JsonElement? Spec { get; set; }
    public JsonElement? Status { get; set; }
}

/// <summary>meta/v1 LabelSelector. An empty selector matches everything.</summary>
public sealed class LabelSelector
{
    public Dictionary<string, string> MatchLabels { get => field ??= []; set; }
    public List<LabelSelectorRequirement> MatchExpressions { get => field ??= []; set; }

    /// <summary>Whether <paramref name="labels"/> satisfy every label and expression of this selector.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in MatchLabels)
        {
            if (!labels.TryGetValue(key, out var actual) || actual != value)
                return false;
        }
        foreach (var expression in MatchExpressions)
        {
            if (!expression.Matches(labels))
                return false;
        }
        return true;
    }
}

public sealed class LabelSelectorRequirement
{
    public string Key { get => field; set => field = value ?? ""; } = "";

    /// <summary><c>In</c>, <c>NotIn</c>, <c>Exists</c>, <c>DoesNotExist</c>.</summary>
    public string Operator { get => field; set => field = value ?? ""; } = "";
    public List<string> Values { get => field ??= []; set; }

    internal bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var present = labels.TryGetValue(Key, out var value);
        return Operator switch
        {
            "In" => present && Values.Contains(value!),
            "NotIn" => !present || !Values.Contains(value!),
            "Exists" => present,
            "DoesNotExist" => !present,
            _ => false,
        };
    }
}

/// <summary>core/v1 ResourceRequirements without claims.</summary>
public sealed class ResourceRequirements
{
    public Dictionary<string, Quantity> Requests { get => field ??= []; set; }
    public Dictionary<string, Quantity> Limits { get => field ??= []; set; }
}
