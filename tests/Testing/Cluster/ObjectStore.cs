using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Testing.Cluster;

/// <summary>The objects of an <see cref="ApiServerDouble"/> and everything that happened to them since the last compaction.</summary>
public sealed class ObjectStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<(string Namespace, string Name), byte[]>> _collections = []; // guarded by _gate, as is the rest
    private readonly List<StoredEvent> _events = [];
    private KeyValuePair<(string Namespace, string Name), byte[]>[]? _sorted; // of _sortedOf, until something changes
    private string? _sortedOf;
    private long _version = 100;
    private long _compacted = 100;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Version
    {
        get
        {
            lock (_gate)
                return Text(_version);
        }
    }

    /// <summary>Completes at the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>Makes or replaces an object; its metadata names it. Returns its resourceVersion.</summary>
    public string Put(string collection, string json)
    {
        lock (_gate)
            return Text(Write(collection, JsonNode.Parse(json)!.AsObject()));
    }

    /// <summary>Adds objects that nobody has watched come, as those of a cluster that is there already.</summary>
    public void Fill(string collection, IEnumerable<(string Namespace, string Name, string Json)> objects)
    {
        lock (_gate)
        {
            foreach (var (ns, name, json) in objects)
                Objects(collection)[(ns, name)] = Encoding.UTF8.GetBytes(json);
            _version++;
            _compacted = _version;
            _sorted = null;
        }
    }

    public void Delete(string collection, string? ns, string name)
    {
        lock (_gate)
            Remove(collection, (ns ?? "", name));
    }

    public JsonObject? Find(string collection, string? ns, string name)
    {
        lock (_gate)
            return Objects(collection).TryGetValue((ns ?? "", name), out var json) ? JsonNode.Parse(json)!.AsObject() : null;
    }

    /// <summary>Forgets what happened: watches from before now are answered 410.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _version++;
            _compacted = _version;
            _events.Clear();
        }
    }

    /// <summary>What happened to the objects after <paramref name="version"/>; null when that is forgotten.</summary>
    internal (IReadOnlyList<StoredEvent> Events, long Version)? Since(string collection, string? ns, long version)
    {
        lock (_gate)
        {
            if (version < _compacted)
                return null;
            var first = _events.FindIndex(e => e.Version > version);
            return (first < 0 ? [] : [.. _events.Skip(first).Where(e => e.Collection == collection && (ns is null || e.Namespace == ns))], _version);
        }
    }

    internal (int Status, IEnumerable<ReadOnlyMemory<byte>> Body) Answer(RequestPath path, RecordedRequest request)
    {
        lock (_gate)
        {
            return (request.Method, path.Name) switch
            {
                ("GET", null) => (200, List(path, request)),
                ("GET", var name) => Existing(path, name, json => (200, json)),
                ("POST", null) => Create(path, JsonNode.Parse(request.Body)!.AsObject()),
                ("PUT", var name) when name is not null => Existing(path, name, old => Update(path, old, JsonNode.Parse(request.Body)!.AsObject())),
                ("PATCH", var name) when name is not null => Patch(path, name, request),
                ("DELETE", var name) when name is not null => Existing(path, name, old => DeleteIf(path, old, request.Body)),
                _ => Error(405, "MethodNotAllowed", $"{request.Method} {request.Path}"),
            };
        }
    }

    private IEnumerable<ReadOnlyMemory<byte>> List(RequestPath path, RecordedRequest request)
    {
        var limit = int.Parse(request.Query.GetValueOrDefault("limit", "0"), CultureInfo.InvariantCulture);
        var from = int.Parse(request.Query.GetValueOrDefault("continue", "0"), CultureInfo.InvariantCulture);
        if (_sorted is null || _sortedOf != path.Collection)
            (_sorted, _sortedOf) = ([.. Objects(path.Collection)], path.Collection);
        var all = path.Namespace is null ? _sorted : [.. _sorted.Where(o => o.Key.Namespace == path.Namespace)];
        var page = all.AsMemory(from, limit == 0 ? all.Length - from : Math.Min(limit, all.Length - from));
        var next = from + page.Length < all.Length ? $",\"continue\":\"{Text(from + page.Length)}\"" : "";
        return Parts($"{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{Text(_version)}\"{next}}},\"items\":[", page);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(string head, ReadOnlyMemory<KeyValuePair<(string Namespace, string Name), byte[]>> page)
    {
        var text = new MemoryStream();
        text.Write(Encoding.UTF8.GetBytes(head));
        for (var i = 0; i < page.Length; i++)
        {
            if (i > 0)
                text.WriteByte((byte)',');
            text.Write(page.Span[i].Value);
        }
        text.Write("]}"u8);
        return [text.GetBuffer().AsMemory(0, (int)text.Length)];
    }

    private (int, IEnumerable<ReadOnlyMemory<byte>>) Create(RequestPath path, JsonObject value)
    {
        var name = (string)value["metadata"]!["name"]!;
        if (Objects(path.Collection).ContainsKey((path.Namespace ?? "", name)))
            return Error(409, "AlreadyExists", $"\"{name}\" already exists");
        if (path.Namespace is not null)
            value["metadata"]!["namespace"] = path.Namespace;
        Write(path.Collection, value);
        return (201, [Bytes(value)]);
    }

    private (int, IEnumerable<ReadOnlyMemory<byte>>) Update(RequestPath path, byte[] old, JsonObject value)
    {
        if ((string?)value["metadata"]?["resourceVersion"] is { } version && version != VersionOf(old))
            return Error(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again");
        Write(path.Collection, value);
        return (200, [Bytes(value)]);
    }

    /// <summary>Apply and merge patches both merge here; JSON patches are recorded with the request and change nothing.</summary>
    private (int, IEnumerable<ReadOnlyMemory<byte>>) Patch(RequestPath path, string name, RecordedRequest request)
    {
        var there = Objects(path.Collection).TryGetValue((path.Namespace ?? "", name), out var old);
        var apply = request.ContentType == "application/apply-patch+yaml";
        if (!there && !apply)
            return Error(404, "NotFound", $"\"{name}\" not found");
        var value = there ? JsonNode.Parse(old!)!.AsObject() : [];
        if (request.ContentType != "application/json-patch+json")
            Merge(value, JsonNode.Parse(request.Body)!.AsObject());
        if (path.Namespace is not null)
            value["metadata"]!["namespace"] = path.Namespace;
        Write(path.Collection, value);
        return (there ? 200 : 201, [Bytes(value)]);
    }

    private (int, IEnumerable<ReadOnlyMemory<byte>>) DeleteIf(RequestPath path, byte[] old, byte[] options)
    {
        var preconditions = options.Length == 0 ? null : JsonNode.Parse(options)!["preconditions"];
        var metadata = JsonNode.Parse(old)!["metadata"]!;
        foreach (var member in (string[])["uid", "resourceVersion"])
        {
            if ((string?)preconditions?[member] is { } wanted && wanted != (string?)metadata[member])
                return Error(409, "Conflict", $"the {member} in the precondition is not the object's");
        }
        Remove(path.Collection, (path.Namespace ?? "", path.Name!));
        return (200, [Encoding.UTF8.GetBytes("""{"kind":"Status","apiVersion":"v1","status":"Success"}""")]);
    }

    private (int, IEnumerable<ReadOnlyMemory<byte>>) Existing(RequestPath path, string name, Func<byte[], (int, IEnumerable<ReadOnlyMemory<byte>>)> then) =>
        Objects(path.Collection).TryGetValue((path.Namespace ?? "", name), out var json)
            ? then(json)
            : Error(404, "NotFound", $"{path.Collection[(path.Collection.LastIndexOf('/') + 1)..]} \"{name}\" not found");

    private (int, IEnumerable<ReadOnlyMemory<byte>>) Existing(RequestPath path, string name, Func<byte[], (int, byte[])> then) =>
        Existing(path, name, json =>
        {
            var (status, body) = then(json);
            return (status, (IEnumerable<ReadOnlyMemory<byte>>)[body]);
        });

    private long Write(string collection, JsonObject value)
    {
        var metadata = value["metadata"]!.AsObject();
        var key = ((string?)metadata["namespace"] ?? "", (string)metadata["name"]!);
        var added = !Objects(collection).ContainsKey(key);
        metadata["resourceVersion"] = Text(++_version);
        metadata["uid"] ??= $"uid-{Text(_version)}";
        Objects(collection)[key] = Bytes(value);
        Happened(added ? "ADDED" : "MODIFIED", collection, key.Item1, Bytes(value));
        return _version;
    }

    private void Remove(string collection, (string Namespace, string Name) key)
    {
        if (!Objects(collection).Remove(key, out var old))
            return;
        _version++;
        var last = JsonNode.Parse(old)!.AsObject();
        last["metadata"]!["resourceVersion"] = Text(_version);
        Happened("DELETED", collection, key.Namespace, Bytes(last));
    }

    private void Happened(string type, string collection, string ns, byte[] json)
    {
        _sorted = null;
        _events.Add(new StoredEvent(_version, collection, ns, type, json));
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private SortedDictionary<(string Namespace, string Name), byte[]> Objects(string collection)
    {
        if (!_collections.TryGetValue(collection, out var objects))
            _collections[collection] = objects = new(Comparer<(string Namespace, string Name)>.Create((a, b) =>
                string.CompareOrdinal(a.Namespace, b.Namespace) is var byNamespace and not 0 ? byNamespace : string.CompareOrdinal(a.Name, b.Name)));
        return objects;
    }

    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is JsonObject inner && into[name] is JsonObject there)
                Merge(there, inner);
            else if (value is null)
                into.Remove(name);
            else
                into[name] = value.DeepClone();
        }
    }

    private static (int, IEnumerable<ReadOnlyMemory<byte>>) Error(int code, string reason, string message) =>
        (code, [Encoding.UTF8.GetBytes(ApiStatus.Json(code, reason, message))]);

    private static string? VersionOf(byte[] json) => (string?)JsonNode.Parse(json)!["metadata"]!["resourceVersion"];

    private static byte[] Bytes(JsonObject value) => JsonSerializer.SerializeToUtf8Bytes(value);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One change of one object.</summary>
internal sealed record StoredEvent(long Version, string Collection, string Namespace, string Type, byte[] Json);
