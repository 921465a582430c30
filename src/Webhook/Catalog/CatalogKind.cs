using System.Text.Json;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Injection;
using Sluice.Kube;

namespace Sluice.Webhook;

/// <summary>A kind that decisions look up: where it is served, what is kept of an object, and where in the catalog it goes.</summary>
/// <param name="Name">As manifests and metrics name it.</param>
/// <param name="Resource">As paths name it.</param>
/// <param name="Project">What is kept of an object; see <see cref="Project{T}"/>.</param>
/// <param name="Set">Puts it into a catalog.</param>
/// <param name="Remove">Takes it out.</param>
internal sealed record CatalogKind(string Name, ApiResource Resource, Project<object> Project, Action<CatalogBuilder, object> Set, Action<CatalogBuilder, ObjectKey> Remove)
{
    public static IReadOnlyList<CatalogKind> All { get; } =
    [
        new(nameof(Namespace), new ApiResource("", "v1", "namespaces", Namespaced: false), ReadNamespace, (b, o) => b.Set((Namespace)o), (b, key) => b.RemoveNamespace(key.Name)),
        new(nameof(RuntimeProfile), Ours("runtimeprofiles", namespaced: false), ReadProfile, (b, o) => b.Set((RuntimeProfile)o), (b, key) => b.RemoveProfile(key.Name)),
        new(nameof(TenantPolicy), Ours("tenantpolicies", namespaced: false), ReadPolicy, (b, o) => b.Set((TenantPolicy)o), (b, key) => b.RemovePolicy(key.Name)),
        new(nameof(Runtime), Ours("runtimes", namespaced: true), ReadRuntime, (b, o) => b.Set((Runtime)o), (b, key) => b.RemoveRuntime(NameOf(key))),
        new(nameof(Dataset), Ours("datasets", namespaced: true), ReadDataset, (b, o) => b.Set((Dataset)o), (b, key) => b.RemoveDataset(NameOf(key))),
    ];

    private static ApiResource Ours(string plural, bool namespaced) => new(Names.Group, Names.Version, plural, namespaced);

    private static ObjectName NameOf(ObjectKey key) => new(key.Namespace!, key.Name);

    private static Dataset? ReadDataset(ObjectKey key, JsonElement source, out string? problem) =>
        Read<Dataset>(key, source, out problem) is { } dataset
            ? new Dataset { Metadata = Slim(key, dataset.Metadata), Spec = dataset.Spec }
            : null;

    private static Runtime? ReadRuntime(ObjectKey key, JsonElement source, out string? problem) =>
        Read<Runtime>(key, source, out problem) is { } runtime
            ? new Runtime { Metadata = Slim(key, runtime.Metadata), Spec = runtime.Spec, Status = runtime.Status is { } status ? new RuntimeStatus { Nodes = status.Nodes } : null }
            : null;

    private static RuntimeProfile? ReadProfile(ObjectKey key, JsonElement source, out string? problem) =>
        Read<RuntimeProfile>(key, source, out problem) is { } profile
            ? new RuntimeProfile { Metadata = Slim(key, profile.Metadata), Spec = profile.Spec }
            : null;

    private static TenantPolicy? ReadPolicy(ObjectKey key, JsonElement source, out string? problem) =>
        Read<TenantPolicy>(key, source, out problem) is { } policy
            ? new TenantPolicy { Metadata = SlimWithGeneration(key, policy.Metadata), Spec = policy.Spec, Status = policy.Status is { } status ? new TenantPolicyStatus { Namespaces = status.Namespaces, ObservedGeneration = status.ObservedGeneration } : null }
            : null;

    /// <summary>Labels, and those annotations that are meant for us: others may be large.</summary>
    private static Namespace ReadNamespace(ObjectKey key, JsonElement source, out string? problem)
    {
        var metadata = source.GetProperty("metadata").Deserialize(ApiJson.Default.ObjectMeta)!;
        var slim = Slim(key, metadata);
        slim.Labels = metadata.Labels;
        foreach (var (name, value) in metadata.Annotations)
        {
            if (name.StartsWith(Names.Group + "/", StringComparison.Ordinal))
                slim.Annotations[name] = value;
        }
        problem = null;
        return new Namespace { Metadata = slim };
    }

    /// <summary>An object of ours that is right by itself. Fields that this version does not know are skipped: the CRDs may be newer.</summary>
    private static T? Read<T>(ObjectKey key, JsonElement source, out string? problem)
        where T : class
    {
        var read = ManifestReader.ReadJson(key.Name, source, UnknownFields.Skip);
        problem = read.Errors is [var error, ..] ? Join(error.Path, error.Message) : null;
        if (problem is null && ManifestValidation.Check(read.Objects[0].Resource) is [var wrong, ..])
            problem = wrong.ToString();
        if (problem is not null)
            return null;
        if (read.Objects[0].Resource is T resource)
            return resource;
        problem = $"is a {read.Objects[0].Kind}";
        return null;
    }

    private static string Join(string path, string message) => path.Length == 0 ? message : $"{path}: {message}";

    private static ObjectMeta SlimWithGeneration(ObjectKey key, ObjectMeta metadata)
    {
        var slim = Slim(key, metadata);
        slim.Generation = metadata.Generation;
        return slim;
    }

    /// <summary>What decisions need of an object's metadata, with the key's strings.</summary>
    private static ObjectMeta Slim(ObjectKey key, ObjectMeta metadata) =>
        new() { Name = key.Name, Namespace = key.Namespace, DeletionTimestamp = metadata.DeletionTimestamp };
}
