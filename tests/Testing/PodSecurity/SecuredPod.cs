using System.Text.Json;

namespace Sluice.Testing.PodSecurity;

/// <summary>A pod as the controls see it. A null member counts as an absent one, as for an API server.</summary>
internal sealed class SecuredPod(JsonElement pod)
{
    private static readonly string[] ContainerLists = ["initContainers", "containers", "ephemeralContainers"];

    public JsonElement Metadata { get; } = pod.At("metadata");
    public JsonElement Spec { get; } = pod.At("spec");
    public JsonElement SecurityContext => Spec.At("securityContext");

    /// <summary>All three kinds: the standard names each of them in every control.</summary>
    public IEnumerable<SecuredContainer> Containers =>
        ContainerLists.SelectMany(list => Spec.At(list).Items().Select(c => new SecuredContainer(c, $"spec.{list}[{c.At("name").Text()}]")));

    public IEnumerable<JsonElement> Volumes => Spec.At("volumes").Items();
}

internal readonly record struct SecuredContainer(JsonElement Container, string Field)
{
    public JsonElement SecurityContext => Container.At("securityContext");

    /// <summary>Field of the container's security context.</summary>
    public string Of(string field) => $"{Field}.securityContext.{field}";
}
