using System.Text.Json;

namespace Sluice.Api.Manifests;

/// <summary>
/// Reads our five kinds, Namespaces, and Lists of them, from YAML or JSON. All errors of a file are found, not only the
/// first; an object with an error is not returned.
/// </summary>
public static class ManifestReader
{
    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    /// <summary>Reads all documents of <paramref name="text"/>.</summary>
    /// <param name="file">How errors name it.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="otherKinds">Whether an object of another kind is an error.</param>
    public static ManifestFile Read(string file, string text, OtherKinds otherKinds = OtherKinds.Refuse)
    {
        var objects = new List<ManifestObject>();
        using var reader = new StringReader(text);
        var errors = Read(file, reader, objects.Add, otherKinds == OtherKinds.Skip ? (_, _) => { } : null);
        return new ManifestFile(objects, errors);
    }

    /// <summary>
    /// The same for a text that need not fit into memory: each object is handed to <paramref name="found"/> once it is read,
    /// and nothing of it is kept. Returns the errors in the order of their lines.
    /// </summary>
    /// <param name="file">How errors name it.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="found">Gets each object that is right.</param>
    /// <param name="skipped">Gets apiVersion and kind of each object of another kind; null when such objects are errors.</param>
    /// <exception cref="IOException">The text cannot be read.</exception>
    public static IReadOnlyList<ManifestError> Read(string file, TextReader text, Action<ManifestObject> found, Action<string, string>? skipped = null)
    {
        var yaml = new YamlStream(text);
        var reading = new Reading(file, UnknownFields.Refuse, found, skipped);
        while (yaml.TryRead(out var document))
        {
            using var json = JsonDocument.Parse(document.Json, new JsonDocumentOptions { MaxDepth = YamlDocuments.MaxDepth + 1 });
            reading.ReadObject(json.RootElement, document, "");
        }
        foreach (var error in yaml.Errors)
            reading.Errors.Add(new ManifestError(file, error.Mark.Line, error.Mark.Column, error.Path, error.Message));
        return [.. reading.Errors.OrderBy(e => (e.Line, e.Column))];
    }

    /// <summary>Reads one object (or a List) from UTF-8 JSON; its errors have no lines.</summary>
    /// <param name="source">How errors name it.</param>
    /// <param name="json">Valid only during the call; nothing returned refers to it.</param>
    /// <param name="unknownFields">Whether fields that this version does not know are errors.</param>
    public static ManifestFile ReadJson(string source, ReadOnlyMemory<byte> json, UnknownFields unknownFields = UnknownFields.Refuse)
    {
        try
        {
            using var parsed = JsonDocument.Parse(json, NoDuplicates);
            return ReadJson(source, parsed.RootElement, unknownFields);
        }
        catch (JsonException e)
        {
            return new ManifestFile([], [new ManifestError(source, (int)(e.LineNumber ?? -1) + 1, (int)(e.BytePositionInLine ?? -1) + 1, "", "not readable as JSON: " + e.Message)]);
        }
    }

    /// <summary>The same for JSON that is parsed already.</summary>
    /// <param name="source">How errors name it.</param>
    /// <param name="json">Valid only during the call; nothing returned refers to it.</param>
    /// <param name="unknownFields">Whether fields that this version does not know are errors.</param>
    public static ManifestFile ReadJson(string source, JsonElement json, UnknownFields unknownFields = UnknownFields.Refuse)
    {
        var objects = new List<ManifestObject>();
        var reading = new Reading(source, unknownFields, objects.Add, skipped: null);
        reading.ReadObject(json, null, "");
        return new ManifestFile(objects, reading.Errors);
    }

    private sealed class Reading(string file, UnknownFields unknownFields, Action<ManifestObject> found, Action<string, string>? skipped)
    {
        public List<ManifestError> Errors { get; } = [];

        public void ReadObject(JsonElement element, YamlDocument? document, string prefix)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                Fail(document, prefix, "must be an object with apiVersion, kind, metadata and spec");
                return;
            }
            var apiVersion = Text(element, "apiVersion");
            var kind = Text(element, "kind");
            if (apiVersion.Length == 0 || kind.Length == 0)
            {
                var missing = kind.Length == 0 ? "kind" : "apiVersion";
                Fail(document, Join(prefix, missing), "is required and must be text");
            }
            else if (IsList(apiVersion, kind))
            {
                ReadList(element, document, prefix);
            }
            else if (Find(apiVersion, kind, document, prefix) is { } known)
            {
                ReadKnown(element, known, document, prefix);
            }
        }

        private void ReadList(JsonElement list, YamlDocument? document, string prefix)
        {
            var path = Join(prefix, "items");
            if (!list.TryGetProperty("items", out var items) || items.ValueKind == JsonValueKind.Null)
                return;
            if (items.ValueKind != JsonValueKind.Array)
            {
                Fail(document, path, "must be a list of objects");
                return;
            }
            var i = 0;
            foreach (var item in items.EnumerateArray())
                ReadObject(item, document, FieldPath.Index(path, i++));
        }

        private ManifestKind? Find(string apiVersion, string kind, YamlDocument? document, string prefix)
        {
            foreach (var known in ManifestKind.All)
            {
                if (known.Kind == kind && known.ApiVersion == apiVersion)
                    return known;
            }
            var ours = apiVersion == Names.Group || apiVersion.StartsWith(Names.Group + "/", StringComparison.Ordinal);
            var sameKind = ManifestKind.All.FirstOrDefault(k => k.Kind == kind);
            if (ours && sameKind is { ApiVersion: Names.ApiVersion })
                Fail(document, Join(prefix, "apiVersion"), $"\"{apiVersion}\" is not known: {kind} is of {sameKind.ApiVersion}");
            else if (ours)
                Fail(document, Join(prefix, "kind"), Suggestion.UnknownValue(kind, [.. ManifestKind.All.Where(k => k.ApiVersion == Names.ApiVersion).Select(k => k.Kind)], $"is no kind of {apiVersion}"));
            else if (skipped is not null)
                skipped(apiVersion, kind);
            else
                Fail(document, Join(prefix, "kind"), sameKind is null ? $"\"{kind}\" of {apiVersion} is not read here: only {Kinds()} are" : $"{kind} is of apiVersion {sameKind.ApiVersion}, not {apiVersion}");
            return null;
        }

        private void ReadKnown(JsonElement element, ManifestKind kind, YamlDocument? document, string prefix)
        {
            var check = new SchemaCheck(unknownFields);
            check.Check(element, kind.Type, prefix);
            var before = Errors.Count;
            foreach (var (path, message) in check.Errors)
                Fail(document, path, message);
            if (Errors.Count > before)
                return;
            var resource = check.Deserialize(element, kind.Type);
            var metadata = kind.Metadata(resource);
            if (metadata.Name.Length == 0)
                Fail(document, Join(prefix, "metadata.name"), "is required");
            else
                found(new ManifestObject(resource, kind, metadata, file, document, prefix));
        }

        private void Fail(YamlDocument? document, string path, string message)
        {
            var mark = document?.Find(path) ?? default;
            Errors.Add(new ManifestError(file, mark.Line, mark.Column, path, message));
        }

        private static string Join(string prefix, string path) => prefix.Length == 0 ? path : FieldPath.Member(prefix, path);

        private static string Kinds() => string.Join(", ", ManifestKind.All.Select(k => k.Kind));

        /// <summary><c>v1 List</c>, and the <c>DatasetList</c> that an API server answers with.</summary>
        private static bool IsList(string apiVersion, string kind) =>
            (kind == "List" && apiVersion == "v1")
            || ManifestKind.All.Any(k => k.ApiVersion == apiVersion && kind.Length == k.Kind.Length + 4 && kind.StartsWith(k.Kind, StringComparison.Ordinal) && kind.EndsWith("List", StringComparison.Ordinal));

        private static string Text(JsonElement element, string name) =>
            element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}
