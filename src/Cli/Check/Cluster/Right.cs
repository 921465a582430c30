using System.Text.Json;
using Sluice.Api.Manifests;

namespace Sluice.Cli.Check;

/// <summary>Something that the webhook's account must be allowed to do.</summary>
/// <param name="Namespace">Null: everywhere.</param>
/// <param name="Verb">Such as <c>get</c>.</param>
/// <param name="Group">Empty for core.</param>
/// <param name="Resource">Such as <c>namespaces</c>.</param>
/// <param name="Name">Of the only object; null: any.</param>
internal sealed record Right(string? Namespace, string Verb, string Group, string Resource, string? Name)
{
    /// <summary>What every webhook needs.</summary>
    public static IReadOnlyList<Right> Always { get; } = GrantedIn("access.yaml");

    /// <summary>What one needs beside, that makes its own certificates.</summary>
    public static IReadOnlyList<Right> ForCertificates { get; } = GrantedIn("certificates.yaml");

    /// <summary><c>SCOPE VERB RESOURCE.GROUP/NAME</c>.</summary>
    public override string ToString() =>
        $"{Namespace ?? "cluster"} {Verb} {Resource}{(Group.Length == 0 ? "" : "." + Group)}{(Name is null ? "" : "/" + Name)}";

    /// <summary>By the roles that a file of deploy/manifests/webhook, which this program carries, binds to the account.</summary>
    private static List<Right> GrantedIn(string file)
    {
        using var text = new StreamReader(typeof(Right).Assembly.GetManifestResourceStream(file)!);
        var items = YamlDocuments.Read(text.ReadToEnd()).Documents.Select(d => JsonElement.Parse(d.Json.Span)).ToList();
        var bindings = items.Where(i => i.Text("kind") is "RoleBinding" or "ClusterRoleBinding" && i.Items("subjects").Any(s => s.Text("name") == Installed.Webhook));
        var roles = bindings.Select(b => items.Single(i => i.Text("kind") == b.Text("roleRef", "kind") && i.Text("metadata", "name") == b.Text("roleRef", "name")));
        return [.. roles.SelectMany(role => role.Items("rules").SelectMany(rule => GrantedBy(rule, role.Text("metadata", "namespace"))))];
    }

    private static IEnumerable<Right> GrantedBy(JsonElement rule, string? ns) =>
        from @group in rule.Texts("apiGroups")
        from resource in rule.Texts("resources")
        from name in rule.Texts("resourceNames").DefaultIfEmpty(null)
        from verb in rule.Texts("verbs")
        select new Right(ns, verb, @group, resource, name);
}

/// <summary>Whether the webhook's account has a right.</summary>
/// <param name="Right">Which.</param>
/// <param name="Allowed">What the API server's authorizers say.</param>
/// <param name="Reason">In their words; often empty.</param>
internal sealed record RightAnswer(Right Right, bool Allowed, string Reason);
