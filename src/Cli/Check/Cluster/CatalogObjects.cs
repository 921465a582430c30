using System.Text.Json;
using Sluice.Api;
using Sluice.Api.Manifests;
using Sluice.Api.Validation;
using Sluice.Kube;

namespace Sluice.Cli.Check;

/// <summary>The objects of our kinds that a cluster holds, and what is wrong with those that cannot be used.</summary>
internal sealed class CatalogObjects
{
    private readonly List<object> _resources = [];
    private readonly List<UnusableObject> _unusable = [];

    /// <summary>Those that are right by themselves.</summary>
    public IReadOnlyList<object> Resources => _resources;

    /// <summary>The others, which the webhook leaves out, or keeps as they were when they were right.</summary>
    public IReadOnlyList<UnusableObject> Unusable => _unusable;

    /// <summary>Takes one object of a list, as the webhook takes it: fields that this version does not know are passed over.</summary>
    public void Add(ApiResource kind, JsonElement item)
    {
        var read = ManifestReader.ReadJson(kind.ToString(), item, UnknownFields.Skip);
        if (read.Errors is [var error, ..])
            _unusable.Add(UnusableObject.Of(kind, item, error.Path.Length == 0 ? error.Message : $"{error.Path}: {error.Message}"));
        else if (ManifestValidation.Check(read.Objects[0].Resource) is [var wrong, ..])
            _unusable.Add(UnusableObject.Of(kind, item, $"{wrong.Path}: {wrong.Message}"));
        else
            _resources.Add(read.Objects[0].Resource);
    }

    /// <summary>A Namespace; lists of built-in kinds do not say of each item what it is.</summary>
    public static Namespace ReadNamespace(JsonElement item) => new() { Metadata = item.At("metadata").Deserialize(ApiJson.Default.ObjectMeta)! };
}

/// <summary>An object of ours that is wrong by itself.</summary>
/// <param name="FullName"><c>Dataset vision/imagenet</c>.</param>
/// <param name="Argument">The same for kubectl: <c>-n vision datasets.sluice.io imagenet</c>.</param>
/// <param name="Problem">The first of what is wrong.</param>
internal sealed record UnusableObject(string FullName, string Argument, string Problem)
{
    public static UnusableObject Of(ApiResource kind, JsonElement item, string problem)
    {
        var name = item.Text("metadata", "name");
        return new UnusableObject(
            $"{item.Text("kind") ?? kind.ToString()} {item.FullName()}",
            item.Text("metadata", "namespace") is { } ns ? $"-n {ns} {kind} {name}" : $"{kind} {name}",
            problem);
    }
}
