using System.Text.Json;
using Sluice.Api.Manifests;
using Sluice.Injection;

namespace Sluice.Testing.Golden;

/// <summary>
/// One directory <c>tests/Golden/GROUP/CASE</c>. Input: <c>pod.yaml</c>, whose first line says what is expected and why;
/// <c>case.yaml</c> for another namespace, user or operation; <c>catalog.yaml</c> for objects beside the shared ones; <c>unvalidated.yaml</c>
/// for objects that validation refuses, which the core, as the last line of defence, must still refuse.
/// Expectation, exactly one: <c>expected.yaml</c> (the whole pod behind the patch), <c>unchanged.txt</c> or
/// <c>denial.txt</c> (<c>CODE sentence</c>); <c>warnings.txt</c> beside it where there are warnings, one a line.
/// </summary>
public sealed class GoldenCase
{
    public const string PodFile = "pod.yaml";
    public const string CaseFile = "case.yaml";
    public const string CatalogFile = "catalog.yaml";
    public const string UnvalidatedFile = "unvalidated.yaml";
    private const string DefaultNamespace = "vision";

    private GoldenCase(string name, string directory)
    {
        Name = name;
        Directory = directory;
        Pod = ReadYaml(PathOf(PodFile));
        Namespace = Text(Member(Pod, "metadata"), "namespace") ?? DefaultNamespace;
        if (!File.Exists(PathOf(CaseFile)))
            return;
        var settings = ReadYaml(PathOf(CaseFile));
        Namespace = Text(settings, "namespace") ?? Namespace;
        User = Text(settings, "user") ?? User;
        Operation = Text(settings, "operation") ?? Operation;
    }

    /// <summary><c>GROUP/CASE</c>.</summary>
    public string Name { get; }
    public string Directory { get; }
    public JsonElement Pod { get; }
    public string Namespace { get; }
    public string User { get; } = "";
    public string Operation { get; } = "CREATE";

    /// <summary>Whether a file and a namespace say everything about the request, as for the command line.</summary>
    public bool IsPlainCreation => Operation == "CREATE" && User.Length == 0;

    /// <summary>Whether the case can come from files: a directory is read only when all of it is valid.</summary>
    public bool HasValidCatalog => !File.Exists(PathOf(UnvalidatedFile));

    public PodRequest Request => new(Pod, Namespace, Operation, User);

    public string PathOf(string file) => Path.Combine(Directory, file);

    public static GoldenCase Read(string name) => new(name, Path.Combine([GoldenFiles.Root, .. name.Split('/')]));

    private static JsonElement ReadYaml(string path)
    {
        var yaml = YamlDocuments.Read(File.ReadAllText(path));
        if (yaml.Errors.Count > 0 || yaml.Documents.Count != 1)
            throw new InvalidDataException($"{path}: one YAML document is needed. {string.Join("; ", yaml.Errors)}");
        return JsonElement.Parse(yaml.Documents[0].Json.Span);
    }

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
